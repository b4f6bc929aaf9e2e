using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>Every way in which Cube can fail us.</summary>
public enum CubeFailureKind
{
    /// <summary>Timeouts, 408, 429, 5xx, resets, broken or truncated bodies: trying again may help.</summary>
    Transient,

    /// <summary>401: the credential is wrong.</summary>
    Unauthorised,

    /// <summary>403: the user lacks a permission.</summary>
    Forbidden,

    /// <summary>404.</summary>
    NotFound,

    /// <summary>HTML, or a redirect to somewhere else, where JSON is due: a login page or a proxy's error page.</summary>
    NotJson,

    /// <summary>JSON that is broken or is not the page that the feed promises.</summary>
    MalformedPage,

    /// <summary>A body over the cap.</summary>
    TooLarge,

    /// <summary>Paging that repeats a cursor or goes on beyond what <c>count</c> allows.</summary>
    EndlessPaging,

    /// <summary>400: Cube refuses what was sent (writes).</summary>
    Rejected,

    /// <summary>405 or 501: this tenant has not switched the request on (writes).</summary>
    NotAvailable,

    /// <summary>The tenant speaks another generation of the API than the one that this deployment reads: somebody has to decide.</summary>
    GenerationChanged,
}

/// <summary>A request to Cube failed, with a kind of the closed set.</summary>
public sealed class CubeException(CubeFailureKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Which failure.</summary>
    public CubeFailureKind Kind { get; } = kind;

    /// <summary>What Cube answered; null where it did not.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>How long Cube asked us to wait, where it did.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Cube's own words (the body of a 400), for writes. May hold personal data: never logged.</summary>
    public string? Detail { get; init; }

    /// <summary>Whether a proxy is in the way. Of what else than Cube may be at Cube's address <see cref="Kind"/> says it.</summary>
    public bool IsOfProxy { get; init; }

    /// <summary>Whether it was tried again, and is the answer.</summary>
    public bool IsFinal { get; internal set; }

    /// <summary>
    /// Whether the same request is worth another try at once. HTML may be a proxy's hiccup, a broken page a cut connection.
    /// </summary>
    public bool WorthRetrying => !IsFinal && Kind is CubeFailureKind.Transient or CubeFailureKind.NotJson or CubeFailureKind.MalformedPage;
}

/// <summary>The one map from what HTTP shows to what the failure is.</summary>
internal static class CubeFailure
{
    private static readonly string[] ProxySettings = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

    /// <summary>The failure of an answer that is no success.</summary>
    public static CubeException FromStatus(HttpResponseMessage response, string what, TimeProvider time)
    {
        var status = (int)response.StatusCode;
        var kind = response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => CubeFailureKind.Unauthorised,
            HttpStatusCode.Forbidden => CubeFailureKind.Forbidden,
            HttpStatusCode.NotFound or HttpStatusCode.Gone => CubeFailureKind.NotFound,
            HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented => CubeFailureKind.NotAvailable,
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests => CubeFailureKind.Transient,
            HttpStatusCode.ProxyAuthenticationRequired => CubeFailureKind.NotJson,
            >= HttpStatusCode.InternalServerError => CubeFailureKind.Transient,
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => CubeFailureKind.NotJson,

            // 202 and 206 promise the rest for later: no page.
            < HttpStatusCode.MultipleChoices => CubeFailureKind.Transient,
            _ => CubeFailureKind.Rejected,
        };

        var words =
            response.StatusCode == HttpStatusCode.ProxyAuthenticationRequired
                ? "a proxy in the way of Cube answered 407, look at HTTPS_PROXY and NO_PROXY,"
            : kind == CubeFailureKind.NotJson ? $"Cube redirected ({status}) instead of answering"
            : $"Cube answered {status.ToString(CultureInfo.InvariantCulture)}";
        return new CubeException(kind, $"{words} to {what}{Advice(kind)}")
        {
            Status = response.StatusCode,
            RetryAfter = RetryAfterHeader.Read(response.Headers, time.GetUtcNow()) is { } asked
                ? Recoverability.Bound(asked, TimeSpan.Zero)
                : null,
        };
    }

    /// <summary>The failure behind what the HTTP stack, the time limits or the parser threw.</summary>
    public static CubeException FromException(Exception exception, string what) =>
        exception switch
        {
            CubeException cube => cube,
            OperationCanceledException => new CubeException(CubeFailureKind.Transient, $"Cube did not answer in time to {what}", exception),
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => new CubeException(
                CubeFailureKind.Transient,
                $"Cube's host name{Host(exception)} is not known: look at Cube__BaseUrl (asked for {what})",
                exception
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }
                when ProxySettingOf(Host(exception), Environment.GetEnvironmentVariable) is { } setting => new CubeException(
                CubeFailureKind.Transient,
                $"the proxy that {setting} names cannot be reached{Host(exception)}{Because(exception)}: look at {setting} and NO_PROXY (asked for {what})",
                exception
            )
                {
                    IsOfProxy = true,
                },
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => new CubeException(
                CubeFailureKind.Transient,
                $"Cube cannot be reached{Host(exception)}{Because(exception)} (asked for {what})",
                exception
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => new CubeException(
                CubeFailureKind.Transient,
                $"no secure connection to the host of Cube__BaseUrl{Certificate(exception)} (asked for {what})",
                exception
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } proxy => new CubeException(
                CubeFailureKind.Transient,
                $"the proxy in the way of Cube does not connect{Status(proxy)}: look at HTTPS_PROXY and NO_PROXY (asked for {what})",
                exception
            ),
            HttpRequestException or IOException => new CubeException(
                CubeFailureKind.Transient,
                $"the connection broke during {what}",
                exception
            ),
            InvalidDataException => new CubeException(
                CubeFailureKind.Transient,
                $"Cube's answer to {what} is packed and broken",
                exception
            ),
            JsonException => new CubeException(CubeFailureKind.MalformedPage, $"Cube's answer to {what} is broken JSON", exception),
            _ => new CubeException(CubeFailureKind.Transient, $"{what} failed: {exception.GetType().Name}", exception),
        };

    /// <summary>The setting to look at.</summary>
    private static string Advice(CubeFailureKind kind) =>
        kind switch
        {
            CubeFailureKind.Unauthorised => ": look at Cube__Token, or Cube__Username and Cube__Password",
            CubeFailureKind.Forbidden => ": the user of Cube__Token or Cube__Username lacks this permission in Cube",
            _ => "",
        };

    /// <summary>Host and port, which the HTTP stack puts at the end of its message: <c>Connection refused (cube.example:443)</c>.</summary>
    private static string Host(Exception exception)
    {
        var message = exception.Message;
        var open = message.LastIndexOf('(');
        return open >= 0 && message.EndsWith(')') && message.IndexOf(':', open) > 0 ? $" at {message[(open + 1)..^1]}" : "";
    }

    /// <summary>The setting that names the host that could not be reached as a proxy; null where none does.</summary>
    internal static string? ProxySettingOf(string host, Func<string, string?> read) =>
        ProxySettings.FirstOrDefault(name =>
            read(name) is { Length: > 0 } value
            && Uri.TryCreate(value.Contains("://", StringComparison.Ordinal) ? value : $"http://{value}", UriKind.Absolute, out var proxy)
            && host == $" at {proxy.Host}:{proxy.Port}"
        );

    /// <summary>What is wrong with the certificate. The HTTP stack says it with the names of the platform's own flags.</summary>
    internal static string Certificate(Exception exception)
    {
        var message = exception.GetBaseException().Message;
        return message switch
        {
            _ when message.Contains(nameof(X509ChainStatusFlags.NotTimeValid), StringComparison.Ordinal) => ": its certificate has expired",
            _ when message.Contains(nameof(SslPolicyErrors.RemoteCertificateNameMismatch), StringComparison.Ordinal) =>
                ": its certificate is for another name",
            _ when message.Contains(nameof(X509ChainStatusFlags.UntrustedRoot), StringComparison.Ordinal)
                    || message.Contains(nameof(X509ChainStatusFlags.PartialChain), StringComparison.Ordinal) =>
                ": its certificate is from an unknown authority",
            _ => "",
        };
    }

    private static string Status(HttpRequestException exception) => exception.StatusCode is { } status ? $" ({(int)status})" : "";

    /// <summary>The socket's own reason, such as ConnectionRefused, where there is one.</summary>
    private static string Because(Exception exception) =>
        exception.GetBaseException() is SocketException socket ? $": {socket.SocketErrorCode}" : "";
}
