using System.Globalization;
using Cube.Simulator.Rows;
using Microsoft.AspNetCore.Http;

namespace Cube.Simulator.Http;

/// <summary>Answers that fail.</summary>
internal sealed class FaultSender(TimeProvider clock)
{
    private const int Drops = 20;

    private static readonly byte[] Spaces = [.. Enumerable.Repeat((byte)' ', 64 * 1024)];

    /// <summary>Faults that need no answer to spoil; false when the kind is not one of these.</summary>
    public async Task<bool> TrySendInsteadAsync(
        HttpContext context,
        Fault fault,
        TimeSpan? skew,
        LoggedRequest entry,
        CancellationToken cancellationToken
    )
    {
        switch (fault.Kind)
        {
            case FaultKind.ResetBeforeBody:
                context.Abort();
                return true;
            case FaultKind.Hang:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                return true;
        }

        if (Instead(fault.Kind, context.Request.Method) is not { } answer)
            return false;
        var retries = fault.Kind is FaultKind.TooManyRequestsSeconds or FaultKind.TooManyRequestsDate or FaultKind.ServiceUnavailable503;
        if (retries && fault.RetryAfterText is { } words)
            context.Response.Headers.RetryAfter = words;
        else if (fault.Kind is FaultKind.TooManyRequestsSeconds or FaultKind.ServiceUnavailable503)
            context.Response.Headers.RetryAfter = Math.Ceiling(fault.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        else if (fault.Kind == FaultKind.TooManyRequestsDate)
            context.Response.Headers.RetryAfter = (
                clock.GetUtcNow() + (fault.DateSkew ?? skew ?? TimeSpan.Zero) + fault.RetryAfter + TimeSpan.FromMilliseconds(999)
            ).ToString("R", CultureInfo.InvariantCulture);
        await SendAsync(context, answer, entry, cancellationToken);
        return true;
    }

    /// <summary>A whole answer, as it should be.</summary>
    public static async Task SendAsync(HttpContext context, BodyAnswer answer, LoggedRequest entry, CancellationToken cancellationToken)
    {
        Begin(context, answer, entry);
        context.Response.ContentLength = answer.Body.Length;
        await context.Response.Body.WriteAsync(answer.Body, cancellationToken);
    }

    /// <summary>An answer whose body goes wrong on the way.</summary>
    public static async Task SpoilAsync(
        HttpContext context,
        Fault fault,
        BodyAnswer answer,
        LoggedRequest entry,
        CancellationToken cancellationToken
    )
    {
        var body = answer.Body;
        var half = body.AsMemory(0, body.Length / 2);
        var response = context.Response;
        switch (fault.Kind)
        {
            case FaultKind.ResetInBody:
                Begin(context, answer, entry);
                await response.Body.WriteAsync(half, cancellationToken);
                await response.Body.FlushAsync(cancellationToken);
                context.Abort();
                break;
            case FaultKind.Truncated:
                // Kestrel ends the connection when fewer bytes than promised were written.
                Begin(context, answer, entry);
                response.ContentLength = body.Length;
                await response.Body.WriteAsync(half, cancellationToken);
                await response.Body.FlushAsync(cancellationToken);
                break;
            case FaultKind.SlowBody:
                await TrickleAsync(context, fault.Duration, answer, entry, cancellationToken);
                break;
            case FaultKind.TooLarge:
                await PadAsync(context, fault.Bytes, answer, entry, cancellationToken);
                break;
            default:
                await SendAsync(context, answer, entry, cancellationToken);
                break;
        }
    }

    /// <summary>The answer with what goes wrong before it is sent.</summary>
    public static BodyAnswer Spoil(Fault fault, BodyAnswer answer)
    {
        switch (fault.Kind)
        {
            case FaultKind.TruncatedJson:
                return answer with { Body = answer.Body[..(answer.Body.Length / 2)] };
            case FaultKind.BrokenJson:
                // A control character is wrong anywhere in JSON, within text too.
                var broken = (byte[])answer.Body.Clone();
                broken[broken.Length / 2] = 1;
                return answer with { Body = broken };
            case FaultKind.Accepted202:
                return answer with { Status = 202 };
            case FaultKind.PartialContent206:
                return answer with { Status = 206 };
            default:
                return answer;
        }
    }

    private static BodyAnswer? Instead(FaultKind kind, string method) =>
        kind switch
        {
            FaultKind.TooManyRequestsSeconds or FaultKind.TooManyRequestsDate => (BodyAnswer)Answer.Throttled,
            FaultKind.ServiceUnavailable503 => new BodyAnswer(503, Json.Detail("Down for maintenance.")),
            FaultKind.RequestTimeout408 => new BodyAnswer(408, Json.Detail("Request timeout.")),
            FaultKind.InternalError500 => new BodyAnswer(500, Json.Detail("A server error occurred.")),
            FaultKind.BadGateway502 => new BodyAnswer(502, []),
            FaultKind.Html200 => (BodyAnswer)Answer.LoginPage,
            FaultKind.Html502 => (BodyAnswer)Answer.ProxyError,
            FaultKind.Unauthorized401 => (BodyAnswer)Answer.Unauthorized,
            FaultKind.Forbidden403 => (BodyAnswer)Answer.Forbidden,
            FaultKind.NotFound404 => (BodyAnswer)Answer.NotFound,
            FaultKind.MethodNotAllowed405 => (BodyAnswer)Answer.MethodNotAllowed(method),
            FaultKind.NotImplemented501 => (BodyAnswer)Answer.NotImplemented(),
            FaultKind.ErrorAsPage => (BodyAnswer)Answer.ErrorAsPage,
            FaultKind.BadRequest400 => (BodyAnswer)Answer.Invalid("phone_1", "Enter a valid phone number."),
            _ => null,
        };

    private static async Task TrickleAsync(
        HttpContext context,
        TimeSpan duration,
        BodyAnswer answer,
        LoggedRequest entry,
        CancellationToken cancellationToken
    )
    {
        Begin(context, answer, entry);
        context.Response.ContentLength = answer.Body.Length;
        var size = (answer.Body.Length / Drops) + 1;
        for (var sent = 0; sent < answer.Body.Length; sent += size)
        {
            await context.Response.Body.WriteAsync(
                answer.Body.AsMemory(sent, Math.Min(size, answer.Body.Length - sent)),
                cancellationToken
            );
            await context.Response.Body.FlushAsync(cancellationToken);
            // Real time: a test's clock may stand still, a network does not.
            await Task.Delay(duration / Drops, TimeProvider.System, cancellationToken);
        }
    }

    private static async Task PadAsync(
        HttpContext context,
        long bytes,
        BodyAnswer answer,
        LoggedRequest entry,
        CancellationToken cancellationToken
    )
    {
        Begin(context, answer, entry);
        await context.Response.Body.WriteAsync(answer.Body, cancellationToken);
        for (var sent = (long)answer.Body.Length; sent <= bytes; sent += Spaces.Length)
            await context.Response.Body.WriteAsync(Spaces, cancellationToken);
    }

    private static void Begin(HttpContext context, BodyAnswer answer, LoggedRequest entry)
    {
        entry.Status = answer.Status;
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        if (answer.Allow is not null)
            context.Response.Headers.Allow = answer.Allow;
        if (answer.Encoding is not null)
            context.Response.Headers.ContentEncoding = answer.Encoding;
        if (answer.Status == 401)
            context.Response.Headers.WWWAuthenticate = "Token";
    }
}
