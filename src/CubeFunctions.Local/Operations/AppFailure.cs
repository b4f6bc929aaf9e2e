using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Settings;
using CubeFunctions.Local.Hosting;
using Polly.Timeout;

namespace CubeFunctions.Local.Operations;

/// <summary>The app cannot be reached, or is not itself just now; it is worth another try.</summary>
internal sealed class AppTroubleException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The one map from what HTTP shows of an app to a line that names what the user typed or set.</summary>
internal static class AppFailure
{
    private const string Option = OperationsOption.Name;
    private const string Problem = "application/problem+json";

    /// <summary>The failure of an answer that is no success.</summary>
    public static async Task<Exception> FromAnswerAsync(
        HttpResponseMessage answer,
        AppRequest request,
        AppKey key,
        CancellationToken cancellationToken
    )
    {
        var status = (int)answer.StatusCode;
        if (
            answer.Content.Headers.ContentType?.MediaType == Problem
            && await ReadProblemAsync(answer, cancellationToken) is { Title: { } title } problem
        )
        {
            return new OperationException(status, title, problem.Part is { } part ? $"{part}: {problem.Detail}" : problem.Detail ?? title)
            {
                RetryAfter = RetryAfterHeader.Read(answer.Headers, TimeProvider.System.GetUtcNow()),
            };
        }

        var asked = string.Create(CultureInfo.InvariantCulture, $"{status} to {request}");
        return answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized when key.Key is null => Wrong(
                $"{AppKey.KeyVariable}: is not set, and {request.Origin} asks for a key ({asked})"
            ),
            HttpStatusCode.Unauthorized => Wrong(
                $"{AppKey.KeyVariable}: {request.Origin} refuses this key ({asked}); is it a key of another function?"
            ),
            HttpStatusCode.Forbidden => Wrong(
                $"{(key.Token is null ? AppKey.KeyVariable : AppKey.TokenVariable)}: {request.Origin} refuses the caller ({asked}); a role or an address range is missing"
            ),
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => Wrong(
                $"{AppKey.TokenVariable}: {request.Origin} sends to a sign-in page ({asked}); {(key.Token is null ? "set it to an access token for the app's registration" : "the access token has run out, or is for another app")}"
            ),
            >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout =>
                new AppTroubleException($"{Option}: {request.Origin} answers {asked}; look at {request.Origin}/api/health"),
            _ => OtherVersion(request, asked),
        };
    }

    /// <summary>The failure of a request that had no answer, or one that cannot be read.</summary>
    public static Exception FromException(Exception exception, AppRequest request) =>
        exception switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => new AppTroubleException(
                $"{Option}: the host of {request.Origin} is not known",
                exception
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => new LocalHostException(
                $"{Option}: no secure connection to {request.Origin}{CubeFailure.Certificate(exception)}",
                exception
            ),
            HttpRequestException or IOException => new AppTroubleException(
                $"{Option}: {request.Origin} cannot be reached{(exception.GetBaseException() is SocketException socket ? $" ({socket.SocketErrorCode})" : "")}",
                exception
            ),
            TimeoutRejectedException or OperationCanceledException => new AppTroubleException(
                $"{Option}: {request.Origin} did not answer in time to {request}",
                exception
            ),
            JsonException => OtherVersion(request, $"its answer to {request} is another one than expected"),
            _ => exception,
        };

    private static LocalHostException OtherVersion(AppRequest request, string why) =>
        new($"{Option}: {request.Origin} is no CubeFunctions app, or one of another version than this command ({why})");

    private static SettingsException Wrong(string fault) => new([fault]);

    private static async Task<AppProblem?> ReadProblemAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(cancellationToken), AppJson.TypeOf<AppProblem>());
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
