using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using CubeFunctions.Core.Cube;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>What a failure of Cube means to whoever has to mend it: one sentence that says what to do.</summary>
/// <param name="host">The tenant's host.</param>
/// <param name="proxy">The proxy in use, or null.</param>
internal sealed class ProbeFaults(string host, string? proxy)
{
    /// <summary>The finding for a failure.</summary>
    /// <param name="failure">It.</param>
    /// <param name="certificate">The certificate that the host showed, or null.</param>
    public ProbeFinding Describe(CubeException failure, SeenCertificate? certificate)
    {
        var (code, text) = failure switch
        {
            { Kind: CubeFailureKind.Unauthorised } => (
                "unauthorised",
                "Cube refuses the credential (401): put a valid one into Cube__Token, or into Cube__Username and Cube__Password."
            ),
            { Kind: CubeFailureKind.Forbidden } => (
                "forbidden",
                "Cube knows the credential but lets it list no campaigns (403): check that it is the right one, and ask whoever runs the tenant to let this user read campaigns over the API."
            ),
            { Kind: CubeFailureKind.NotFound } => (
                "wrongHost",
                $"{host} has no list of campaigns (404): set Cube__BaseUrl to the tenant, https://{{tenant}}.headshed.com."
            ),
            { Status: HttpStatusCode.ProxyAuthenticationRequired } => ("proxy", ProxyText("wants a login of its own (407)")),
            { Kind: CubeFailureKind.NotJson, Status: { } status } => (
                "wrongHost",
                $"{host} redirects ({(int)status}) to another place instead of answering: set Cube__BaseUrl to the address of the tenant itself."
            ),
            { Kind: CubeFailureKind.NotJson } => (
                "loginPage",
                $"{host} answers with an HTML page instead of JSON, a login page or one of {proxy ?? "a proxy"}: check Cube__BaseUrl and the credential, and let {host} through the proxy."
            ),
            { Kind: CubeFailureKind.MalformedPage or CubeFailureKind.TooLarge } => (
                "wrongHost",
                $"{host} answers something that is no list of campaigns: set Cube__BaseUrl to the tenant, https://{{tenant}}.headshed.com."
            ),
            { RetryAfter: { } wait } => (
                "rateLimited",
                $"Cube asks to be left alone for {Seconds(wait)} seconds: probe again after that, and lower Cube__MaxConcurrentRequests where it happens in runs."
            ),
            { Status: HttpStatusCode.TooManyRequests } => (
                "rateLimited",
                "Cube gets too many requests (429): probe again in a minute, and lower Cube__MaxConcurrentRequests where it happens in runs."
            ),
            { Status: { } status } => (
                "cubeFails",
                $"Cube answers {(int)status}: try again in some minutes, and ask Headshed where it stays so."
            ),
            _ => WithoutAnswer(failure, certificate),
        };
        return new ProbeFinding(ProbeFinding.Error, code, text);
    }

    private (string Code, string Text) WithoutAnswer(CubeException failure, SeenCertificate? certificate)
    {
        var http = failure.InnerException as HttpRequestException;
        if (http?.HttpRequestError == HttpRequestError.ProxyTunnelError)
        {
            return (
                "proxy",
                ProxyText(http.StatusCode is { } status ? $"refuses the connection ({(int)status})" : "refuses the connection")
            );
        }

        if (
            proxy is not null
            && http is not null
            && http.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
        )
        {
            return ("proxy", ProxyText("cannot be reached"));
        }

        if (http?.HttpRequestError == HttpRequestError.NameResolutionError)
        {
            return (
                "wrongHost",
                $"No host is called {host}: check the spelling of Cube__BaseUrl, https://{{tenant}}.headshed.com, and the name server of this network."
            );
        }

        if (http?.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            return ("certificate", CertificateText(certificate));
        }

        if (http?.HttpRequestError == HttpRequestError.ConnectionError)
        {
            var reason = http.GetBaseException() is SocketException socket ? $" ({socket.SocketErrorCode})" : "";
            return (
                "unreachable",
                $"{host} cannot be reached{reason}: check Cube__BaseUrl, and that this network lets requests out to it."
            );
        }

        return http is null
            ? (
                "timeout",
                $"{host} does not answer in time: check Cube__BaseUrl, and that this network lets requests out to it; else try again in some minutes."
            )
            : ("unreachable", $"The connection to {host} breaks: check that nothing between here and there cuts it, and try again.");
    }

    private string CertificateText(SeenCertificate? certificate) =>
        certificate switch
        {
            null => $"{host} makes no secure connection: check Cube__BaseUrl, and whether a proxy stands in between.",
            { HasExpired: true } =>
                $"The certificate of {host} is out of its time (valid until {certificate.ValidUntil.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}): have it renewed, and check the clock of this machine.",
            _ when certificate.Errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) =>
                $"The certificate is for {certificate.Subject}, not for {host}: set Cube__BaseUrl to the tenant's own name.",
            _ =>
                $"The certificate of {host} comes from {certificate.Issuer}, which this machine does not trust: a proxy that reads along, as a rule; "
                    + "add its root certificate to this machine's trusted ones, or let the host through untouched.",
        };

    private string ProxyText(string what) =>
        $"The proxy {proxy ?? "in the way"} {what}: have {host} let through, or name it in NO_PROXY; HTTPS_PROXY names the proxy.";

    private static string Seconds(TimeSpan wait) => ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}
