using System.Globalization;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Upserts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Endpoints;

/// <summary>How customers come in: webhooks of CRMs, and our own API.</summary>
public sealed partial class UpsertEndpoints(
    UpsertSettings settings,
    UpsertReceiver receiver,
    IdempotencyStore idempotency,
    KnownAssignments assignments,
    UpsertReader reader,
    TimeProvider time,
    ILogger<UpsertEndpoints> logger
)
{
    /// <summary>Seconds after which a post that could not be kept is to be sent again.</summary>
    private const string RetryAfterSeconds = "10";

    private const string NoStorage = "Storage cannot be reached";
    private const int LongestKey = 256;

    /// <summary>HubSpot waits five seconds for an answer: 503 within them has it sent again.</summary>
    private static readonly TimeSpan LongestAcceptance = TimeSpan.FromSeconds(4.5);

    /// <summary>
    /// <c>POST /api/webhooks/{sender}</c>. Size, sender, proof over the raw bytes, and only then the content. 202 when kept; 401
    /// without proof, 404 for an unknown sender, 4xx for a body that no repeat would mend, 503 when storage fails: what every sender
    /// repeats that repeats at all. Never 410, which makes some senders forget us.
    /// </summary>
    public async Task<IResult> ReceiveAsync(HttpRequest request, string sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var result = await GuardAsync(request, sender ?? "", () => ReceivePostAsync(request, sender, cancellationToken), cancellationToken);
        var kind = settings.Senders.TryGetValue(sender ?? "", out var known) ? known.Kind.ToString() : "unknown";
        var status = (result as IStatusCodeHttpResult)?.StatusCode ?? StatusCodes.Status200OK;
        CubeMetrics.WebhookAnswers.Add(1, new KeyValuePair<string, object?>("kind", kind), new("status", $"{status / 100}xx"));
        return result;
    }

    private async Task<IResult> ReceivePostAsync(HttpRequest request, string? sender, CancellationToken cancellationToken)
    {
        if (!settings.Senders.TryGetValue(sender ?? "", out var known))
        {
            return Problem(StatusCodes.Status404NotFound, "Unknown sender", "No sender of this name is configured.");
        }

        var (read, problem) = await ReadBodyAsync(request, cancellationToken);
        if (read is not { } body)
        {
            return problem!;
        }

        var now = time.GetUtcNow();
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>() is { RawTarget.Length: > 0 } feature
            ? feature.RawTarget
            : request.Path + request.QueryString.Value;
        var verdict = SenderVerifier.Verify(known, request.Method, target, request.Headers, body.Span, now);
        if (verdict != SenderVerdict.Verified)
        {
            LogRefused(logger, known.Name, verdict);
            return Problem(
                StatusCodes.Status401Unauthorized,
                "Not verified",
                $"The request does not prove that it comes from the sender ({verdict})."
            );
        }

        // Kept with the events, so that parsing the kept bytes again names them alike.
        var postId =
            known.Kind == SenderKind.StandardWebhooks
                ? StandardWebhooksSignature.IdOf(request.Headers)
                : Guid.CreateVersion7(now).ToString("N");
        var parsed = SenderParser.Parse(known, request.Headers, body, now, postId);
        return parsed.IsRefused
            ? Refused(parsed.Refusal)
            : await AcceptAsync(new Post(known.Name, parsed.Events, body, postId), cancellationToken);
    }

    /// <summary>
    /// <c>POST /api/assignments/{assignmentId}/customers</c>: one customer or an array, in Cube's field names. With an
    /// <c>Idempotency-Key</c> a repeat has the same upserts; with another body it is 422, while the first is being done 409.
    /// </summary>
    public async Task<IResult> PostCustomersAsync(HttpRequest request, string assignmentId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(assignmentId);

        // Routing decodes everything but a slash.
        assignmentId = assignmentId.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        if (!Scope.IsAssignmentOrCrm(assignmentId))
        {
            return Problem(
                StatusCodes.Status400BadRequest,
                "Wrong assignment",
                "It must be the id of an assignment, such as 17, or of a CRM, such as 3-B2C."
            );
        }

        var (read, problem) = await ReadBodyAsync(request, cancellationToken);
        if (read is not { } body)
        {
            return problem!;
        }

        var key = request.Headers["Idempotency-Key"].ToString();
        if (key.Length > LongestKey)
        {
            return Problem(
                StatusCodes.Status400BadRequest,
                "Wrong Idempotency-Key",
                $"The header Idempotency-Key is longer than {LongestKey} characters."
            );
        }

        var now = time.GetUtcNow();
        var parsed = CustomerPostParser.Parse(
            assignmentId,
            request.Headers,
            body,
            now,
            key.Length > 0 ? $"key:{assignmentId}:{key}" : Guid.CreateVersion7(now).ToString("N")
        );
        if (parsed.IsRefused)
        {
            return Refused(parsed.Refusal);
        }

        var post = new Post(UpsertSettings.OwnApi, parsed.Events, body, null);
        return await GuardAsync(
            request,
            UpsertSettings.OwnApi,
            async () =>
                await assignments.IsUnknownAsync(assignmentId, cancellationToken)
                    ? Problem(StatusCodes.Status404NotFound, "Unknown assignment", KnownAssignments.WhyUnknown(assignmentId))
                : key.Length == 0 ? await AcceptAsync(post, cancellationToken)
                : await OnceAsync(assignmentId, key, post, cancellationToken),
            cancellationToken
        );
    }

    /// <summary><c>GET /api/upserts/{id}</c>: waiting, delivered, superseded, dead, ignored or dropped.</summary>
    public async Task<IResult> GetAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.FindAcceptedAsync(id, cancellationToken) is { } row
                ? Results.Json(UpsertAnswer.FromRow(row), UpsertAnswerJson.Default.UpsertAnswer)
                : Problem(
                    StatusCodes.Status404NotFound,
                    "Unknown upsert",
                    "There is no upsert of this id: it ended so long ago that it is forgotten, or was never accepted."
                );
        }
        catch (Exception exception) when (StorageErrors.IsTrouble(exception, cancellationToken))
        {
            return Problem(StatusCodes.Status503ServiceUnavailable, NoStorage, "Ask again.");
        }
    }

    private static async Task<(ReadOnlyMemory<byte>? Body, IResult? Problem)> ReadBodyAsync(
        HttpRequest request,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await RequestBody.ReadAsync(request, UpsertLimits.BodyBytes, cancellationToken) is { } body
                ? (body, null)
                : (null, TooLarge());
        }
        catch (BadHttpRequestException exception)
        {
            return (null, Problem(exception.StatusCode, "Bad request", "The body cannot be read."));
        }
    }

    private async Task<IResult> OnceAsync(string assignmentId, string key, Post post, CancellationToken cancellationToken)
    {
        switch (await idempotency.BeginAsync(assignmentId, key, post.Body, cancellationToken))
        {
            case IdempotencyVerdict.OtherBody:
                return Problem(
                    StatusCodes.Status422UnprocessableEntity,
                    "Idempotency-Key used before",
                    "The same Idempotency-Key came with another body."
                );
            case IdempotencyVerdict.InFlight:
                return Problem(StatusCodes.Status409Conflict, "In flight", "The same request is being done just now.");
        }

        var result = await AcceptAsync(post, cancellationToken);
        await idempotency.EndAsync(assignmentId, key, post.Body, CancellationToken.None);
        return result;
    }

    /// <summary>
    /// The last barrier of the door. Whatever is thrown, the sender is to send again: 503 is what all repeat that repeat at all. A
    /// write whose answer did not come may have been done, so the answer claims no more than is known. Sending again has the same
    /// effect.
    /// </summary>
    private async Task<IResult> GuardAsync(
        HttpRequest request,
        string sender,
        Func<Task<IResult>> accept,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await accept();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotKept(logger, sender, ErrorInfo.From(exception));
            request.HttpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
            return Problem(
                StatusCodes.Status503ServiceUnavailable,
                StorageErrors.IsTrouble(exception, cancellationToken) ? NoStorage : "Not kept",
                "The post may not have been accepted; send it again."
            );
        }
    }

    private async Task<IResult> AcceptAsync(Post post, CancellationToken cancellationToken)
    {
        // In real time, whatever the clock of the application says. An array of customers takes its time, and only scripts send long ones.
        using var limit = new CancellationTokenSource(
            post.Id is not null || post.Events.Count <= UpsertLimits.HubSpotEvents ? LongestAcceptance : LongestAcceptance * 10,
            TimeProvider.System
        );
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var accepted = await receiver.AcceptAsync(post.Sender, post.Events, post.Body, post.Id, either.Token);
        return Results.Json(
            AcceptedAnswer.FromAcceptance(accepted),
            UpsertAnswerJson.Default.AcceptedAnswer,
            statusCode: StatusCodes.Status202Accepted
        );
    }

    private static IResult Refused(BodyRefusal refusal) =>
        Problem(
            refusal.Status,
            refusal.Kind.ToString(),
            refusal.Line is { } line
                ? string.Create(CultureInfo.InvariantCulture, $"{refusal.Detail} (line {line}, position {refusal.Position})")
                : refusal.Detail
        );

    private static IResult TooLarge() =>
        Problem(StatusCodes.Status413PayloadTooLarge, nameof(RefusalKind.TooLarge), $"The body is over {UpsertLimits.BodyBytes} bytes.");

    private static IResult Problem(int status, string title, string detail) => Results.Problem(detail, statusCode: status, title: title);

    [LoggerMessage(211, LogLevel.Warning, "A request of sender {Sender} was refused: {Verdict}")]
    private static partial void LogRefused(ILogger logger, string sender, SenderVerdict verdict);

    [LoggerMessage(212, LogLevel.Error, "A post of sender {Sender} could not be kept: {Error}")]
    private static partial void LogNotKept(ILogger logger, string sender, ErrorInfo error);

    /// <param name="Sender">Who sent it.</param>
    /// <param name="Events">What it says.</param>
    /// <param name="Body">The body, byte for byte.</param>
    /// <param name="Id">What its events without an id are named by; null for the product's own API.</param>
    private sealed record Post(string Sender, IReadOnlyList<UpsertEvent> Events, ReadOnlyMemory<byte> Body, string? Id);
}
