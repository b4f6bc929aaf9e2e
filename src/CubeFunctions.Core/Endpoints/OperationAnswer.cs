using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Storage;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Endpoints;

/// <summary>What all operations over HTTP have in common: bodies up to a limit, problem details (RFC 9457) for what is not done.</summary>
internal static class OperationAnswer
{
    private const int MostBytes = 256 * 1024;
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromSeconds(10);

    /// <summary>Answers with what an operation gives, or with why it is not done.</summary>
    public static async Task<IResult> RunAsync(HttpRequest request, Func<Task<IResult>> operateAsync, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            return await operateAsync();
        }
        catch (OperationException exception)
        {
            return Problem(request, exception.Status, exception.Title, exception.Message, exception.RetryAfter);
        }
        catch (JsonException)
        {
            // Without the parser's message: it may hold what was sent.
            return Problem(
                request,
                StatusCodes.Status400BadRequest,
                "Invalid request",
                "The body is not the JSON object that is expected.",
                null
            );
        }
        catch (BadHttpRequestException exception)
        {
            return Problem(request, exception.StatusCode, "Invalid request", "The body cannot be read.", null);
        }
        catch (Exception exception) when (StorageErrors.IsTrouble(exception, cancellationToken))
        {
            return Problem(
                request,
                StatusCodes.Status503ServiceUnavailable,
                "Storage cannot be reached",
                "It may have been done or not; look, then try again.",
                AfterTrouble
            );
        }
    }

    /// <summary>Reads a JSON body.</summary>
    /// <exception cref="OperationException">It is missing or too large.</exception>
    /// <exception cref="JsonException">It is no such object.</exception>
    public static async Task<(T Value, ReadOnlyMemory<byte> Bytes)> ReadAsync<T>(
        HttpRequest request,
        JsonTypeInfo<T> type,
        CancellationToken cancellationToken
    )
        where T : class, new()
    {
        var body =
            await RequestBody.ReadAsync(request, MostBytes, cancellationToken)
            ?? throw new OperationException(StatusCodes.Status413PayloadTooLarge, "Too large", $"The body is over {MostBytes} bytes.");
        return (
            body.IsEmpty ? new T() : JsonSerializer.Deserialize(body.Span, type) ?? throw OperationException.Invalid("The body is null."),
            body
        );
    }

    /// <summary>The client's key for repeats of one request; empty where there is none.</summary>
    public static string KeyOf(HttpRequest request) => request.Headers["Idempotency-Key"].ToString();

    /// <summary>202 with where to look at what was begun.</summary>
    public static IResult Accepted<T>(HttpRequest request, string location, TimeSpan lookAfter, T value, JsonTypeInfo<T> type)
    {
        request.HttpContext.Response.Headers.Location = location;
        request.HttpContext.Response.Headers.RetryAfter = Seconds(lookAfter);
        return Results.Json(value, type, statusCode: StatusCodes.Status202Accepted);
    }

    private static IResult Problem(HttpRequest request, int status, string title, string detail, TimeSpan? retryAfter)
    {
        if (retryAfter is { } wait)
        {
            request.HttpContext.Response.Headers.RetryAfter = Seconds(wait);
        }

        return Results.Problem(detail, statusCode: status, title: title);
    }

    private static string Seconds(TimeSpan time) => ((int)time.TotalSeconds).ToString(CultureInfo.InvariantCulture);
}
