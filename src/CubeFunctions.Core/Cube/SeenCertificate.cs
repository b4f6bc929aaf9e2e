using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace CubeFunctions.Core.Cube;

/// <summary>The certificate that a server showed.</summary>
/// <param name="Subject">Whom it is for.</param>
/// <param name="Issuer">Who issued it.</param>
/// <param name="ValidUntil">Its end.</param>
/// <param name="Errors">What is wrong with it.</param>
/// <param name="HasExpired">Whether it is out of its time.</param>
internal sealed record SeenCertificate(string Subject, string Issuer, DateTimeOffset ValidUntil, SslPolicyErrors Errors, bool HasExpired)
{
    public static SeenCertificate? From(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is null
            ? null
            : new SeenCertificate(
                Name(certificate.Subject),
                Name(certificate.Issuer),
                new DateTimeOffset(((X509Certificate2)certificate).NotAfter.ToUniversalTime()),
                errors,
                chain?.ChainStatus.Any(static status => status.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)) == true
            );

    /// <summary>The common name alone, where there is one.</summary>
    private static string Name(string distinguished) =>
        distinguished
            .Split(',', StringSplitOptions.TrimEntries)
            .FirstOrDefault(static part => part.StartsWith("CN=", StringComparison.Ordinal))
            is { } name
            ? name[3..]
            : distinguished;
}
