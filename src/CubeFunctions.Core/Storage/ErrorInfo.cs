using System.Globalization;
using System.Net.Sockets;
using Azure;

namespace CubeFunctions.Core.Storage;

/// <summary>What logs and reasons may say of an exception: its type, status and error code. Its message may hold personal data.</summary>
/// <param name="Type">Name of the exception's type.</param>
/// <param name="Status">HTTP status; 0 where there was no answer.</param>
/// <param name="Code">The other side's error code, or null.</param>
internal readonly record struct ErrorInfo(string Type, int Status, string? Code)
{
    public static ErrorInfo From(Exception exception) =>
        exception switch
        {
            AggregateException { InnerExceptions: [.., var last] } => From(last),
            RequestFailedException { Status: 0 } and { InnerException: { } inner } => From(inner),
            RequestFailedException answer => new(nameof(RequestFailedException), answer.Status, answer.ErrorCode),
            HttpRequestException http => new(
                nameof(HttpRequestException),
                http.StatusCode is { } status ? (int)status : 0,
                SocketCode(http) ?? http.HttpRequestError.ToString()
            ),
            _ => new(exception.GetType().Name, 0, SocketCode(exception)),
        };

    /// <summary><c>RequestFailedException 503 ServerBusy</c>.</summary>
    public override string ToString() =>
        string.Join(
            ' ',
            new[] { Type, Status == 0 ? null : Status.ToString(CultureInfo.InvariantCulture), Code }.Where(part =>
                !string.IsNullOrEmpty(part)
            )
        );

    private static string? SocketCode(Exception exception) =>
        exception.GetBaseException() is SocketException socket ? socket.SocketErrorCode.ToString() : null;
}
