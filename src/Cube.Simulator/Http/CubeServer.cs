using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Cube.Simulator.Http;

/// <summary>One request from arrival to the last byte.</summary>
internal sealed class CubeServer(
    SimulatorOptions options,
    CubeData data,
    FaultPlan plan,
    RequestLog log,
    TimeProvider clock,
    CancellationToken stopping
)
{
    private static readonly FaultKind[] WaysToFail = [FaultKind.ServiceUnavailable503, FaultKind.ResetBeforeBody, FaultKind.Hang];

    private readonly Credentials credentials = new(options);
    private readonly Router router = new(options, data);
    private readonly PageSender pages = new(options, plan);
    private readonly FaultSender faulty = new(clock);
    private readonly RateLimiter limiter = new(clock) { Limit = options.RateLimit };

    /// <summary>Called with every request before it is answered; a test's place to change data between two pages.</summary>
    public Action<LoggedRequest>? BeforeAnswer { get; set; }

    public RateLimit? RateLimit
    {
        get => limiter.Limit;
        set => limiter.Limit = value;
    }

    public TimeSpan? DateSkew { get; set; } = options.DateSkew;

    public async Task HandleAsync(HttpContext context)
    {
        var entry = log.Begin(context.Request);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await HandleLimitedAsync(context, entry, gone.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or BadHttpRequestException)
        {
            // The client went away, or the simulator is being stopped.
            context.Abort();
        }
        finally
        {
            entry.End();
        }
    }

    private async Task HandleLimitedAsync(HttpContext context, LoggedRequest entry, CancellationToken cancellationToken)
    {
        SetDate(context.Response, DateSkew);
        if (!limiter.TryEnter(context.Response))
        {
            entry.Authorized = credentials.Accept(context.Request);
            await FaultSender.SendAsync(context, (BodyAnswer)Answer.Throttled, entry, cancellationToken);
            return;
        }

        try
        {
            await HandleAsync(context, entry, cancellationToken);
        }
        finally
        {
            limiter.Leave();
        }
    }

    private async Task HandleAsync(HttpContext context, LoggedRequest entry, CancellationToken cancellationToken)
    {
        if (options.Latency > TimeSpan.Zero)
            await Task.Delay(options.Latency, TimeProvider.System, cancellationToken);
        entry.Authorized = credentials.Accept(context.Request);
        if (!entry.Authorized)
        {
            await FaultSender.SendAsync(context, (BodyAnswer)Answer.Unauthorized, entry, cancellationToken);
            return;
        }

        BeforeAnswer?.Invoke(entry);
        var tenant = data.Shape;
        var path = Router.Segments(context.Request);
        var shape = Shape(context.Request, path);
        var picked = plan.Pick(shape);
        entry.Faults = [.. picked.Select(one => one.Fault.Kind)];
        foreach (var delay in picked.Where(one => one.Fault.Kind == FaultKind.Delay))
            await Task.Delay(delay.Fault.Duration, TimeProvider.System, cancellationToken);
        PickedFault? failure = picked.Where(one => !FaultKinds.IsOfPage(one.Fault.Kind)).Cast<PickedFault?>().FirstOrDefault();
        if (failure is { Fault.DateSkew: { } skew })
            SetDate(context.Response, skew);
        if (failure is { } instead && await faulty.TrySendInsteadAsync(context, instead.Fault, DateSkew, entry, cancellationToken))
            return;

        var answer = await router.AnswerAsync(context.Request, tenant, path, cancellationToken);
        if (failure is { Fault.Kind: FaultKind.WorkThenFail } after)
        {
            var way = after.Fault.WorkThenFailAs ?? WaysToFail[after.HappenedBefore % WaysToFail.Length];
            if (await faulty.TrySendInsteadAsync(context, after.Fault with { Kind = way }, DateSkew, entry, cancellationToken))
                return;
        }

        IReadOnlyList<PickedFault> ofPage = tenant.PageFaults.Count == 0 ? picked : [.. picked, .. tenant.PageFaults];
        if (answer is PageAnswer requested && PageSender.Refuse(requested, ofPage) is { } refusal)
            answer = refusal;
        if (failure is null && answer is PageAnswer streamed && BodyCoding.IsPlain(tenant, context.Request))
        {
            entry.Status = 200;
            context.Response.ContentType = "application/json";
            await pages.SendAsync(context, streamed, shape.Feed, ofPage, cancellationToken);
            return;
        }

        var body = answer is PageAnswer page
            ? new BodyAnswer(200, pages.ToBytes(context.Request, page, shape.Feed, ofPage))
            : (BodyAnswer)answer;
        await SendAsync(context, tenant, body, failure?.Fault, entry, cancellationToken);
    }

    private static async Task SendAsync(
        HttpContext context,
        TenantShape tenant,
        BodyAnswer body,
        Fault? failure,
        LoggedRequest entry,
        CancellationToken cancellationToken
    )
    {
        body = BodyCoding.ToCharset(tenant, body);
        if (failure is not null)
            body = FaultSender.Spoil(failure, body);
        body = BodyCoding.Compress(tenant, context.Request, body);
        if (failure is null)
            await FaultSender.SendAsync(context, body, entry, cancellationToken);
        else
            await FaultSender.SpoilAsync(context, failure, body, entry, cancellationToken);
    }

    private void SetDate(HttpResponse response, TimeSpan? skew)
    {
        if (skew is { } ahead)
            response.Headers.Date = (clock.GetUtcNow() + ahead).ToString("R", CultureInfo.InvariantCulture);
    }

    private static RequestShape Shape(HttpRequest request, string[] path)
    {
        var isPage = int.TryParse(request.Query["page"], NumberStyles.None, CultureInfo.InvariantCulture, out var page);
        var filters = request
            .Query.Where(parameter => parameter.Key != "page")
            .Select(parameter => $"&{parameter.Key}={parameter.Value}")
            .Order(StringComparer.Ordinal);
        return new RequestShape(
            request.Method,
            request.Path.Value ?? "/",
            isPage ? page : 1,
            Routes.IsPaged(path),
            HttpMethods.IsPut(request.Method) || HttpMethods.IsPost(request.Method),
            string.Join('/', path) + string.Concat(filters)
        )
        {
            From = DateWindow.Parse(request.Query["from_date"]),
            To = DateWindow.Parse(request.Query["to_date"]),
        };
    }
}
