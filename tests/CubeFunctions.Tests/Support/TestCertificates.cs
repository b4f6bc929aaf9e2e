using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CubeFunctions.Tests.Support;

/// <summary>Certificates of servers on this machine, each wrong in one way.</summary>
internal static class TestCertificates
{
    /// <summary>Signed by nobody whom anybody knows.</summary>
    public static X509Certificate2 OfUnknownAuthority() => Create("localhost", TimeSpan.FromDays(-1), TimeSpan.FromDays(1));

    /// <summary>Ended yesterday.</summary>
    public static X509Certificate2 Expired() => Create("localhost", TimeSpan.FromDays(-3), TimeSpan.FromDays(-1));

    /// <summary>For another host.</summary>
    public static X509Certificate2 OfAnotherName() => Create("elsewhere.example", TimeSpan.FromDays(-1), TimeSpan.FromDays(1));

    /// <summary>Of the loopback address, and right for who is told to trust it.</summary>
    public static X509Certificate2 OfLoopback() => Create("localhost", TimeSpan.FromDays(-1), TimeSpan.FromDays(1));

    private static X509Certificate2 Create(string host, TimeSpan from, TimeSpan to)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now + from, now + to);

        // Kestrel wants the key with it, on every platform.
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}
