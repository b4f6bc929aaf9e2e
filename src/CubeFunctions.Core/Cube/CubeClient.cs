using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Cube;

/// <summary>
/// The only way to Cube. Every request passes <see cref="SendAsync"/>: limits, retries, credentials and failures are decided there.
/// </summary>
/// <remarks>
/// Retries wrap the whole exchange, body and parse included, and not only the headers as a message handler would:
/// a cut body and an HTML page with status 200 have to be tried again as well.
/// </remarks>
public sealed class CubeClient(
    HttpClient http,
    CubeSettings settings,
    TenantPause pause,
    CubeLimits limits,
    RecordReaders records,
    CubeTries tries,
    TenantGeneration generation,
    TimeProvider time
)
{
    private const int MaxRedirects = 3;

    /// <summary>Reads one page.</summary>
    /// <param name="feed">What the page must look like.</param>
    /// <param name="path">Path on the tenant's origin, beginning with a slash.</param>
    /// <param name="query">Query without the question mark.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The bytes as received and what was read off them; the caller disposes it.</returns>
    /// <exception cref="CubeException">The request failed, after the retries that its kind deserves.</exception>
    public Task<Page> GetPageAsync(Feed feed, string path, string query, CancellationToken cancellationToken) =>
        GetPageAsync(feed, path, query, known: null, cancellationToken);

    private Task<Page> GetPageAsync(Feed feed, string path, string query, KnownPage? known, CancellationToken cancellationToken) =>
        SendAsync(
            new(HttpMethod.Get, path, query, null, $"GET {path}", feed.Path.Length > 0 ? feed.Path : path),
            received => records.Read(feed, received, known),
            cancellationToken
        );

    /// <summary>
    /// Reads one page of a scope's feed. Where a path is documented in two forms and the first answers 404, the other is tried; the one
    /// found is remembered.
    /// </summary>
    /// <exception cref="CubeException">The request failed, after the retries that its kind deserves.</exception>
    public Task<Page> GetPageAsync(Feed feed, Scope scope, string query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(feed);
        return GetPageAsync(feed, scope, query, known: null, cancellationToken);
    }

    /// <inheritdoc cref="GetPageAsync(Feed, Scope, string, CancellationToken)"/>
    /// <param name="feed">What the page must look like.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="query">Query without the question mark.</param>
    /// <param name="known">A page of these bytes is not parsed; null for none.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    internal async Task<Page> GetPageAsync(Feed feed, Scope scope, string query, KnownPage? known, CancellationToken cancellationToken)
    {
        CubeException? first = null;
        foreach (
            var other in generation.HasOtherPath(feed) is { } form ? [form]
            : feed.OtherPath is null ? [false]
            : new[] { false, true }
        )
        {
            try
            {
                var page = await GetPageAsync(feed, feed.PathOf(scope, other), query, known, cancellationToken);
                generation.Remember(feed, other);
                return page;
            }
            catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotFound)
            {
                first ??= exception;
            }
        }

        throw first!;
    }

    /// <summary>Sends one request for one customer and hands back the answer's body.</summary>
    /// <param name="method">GET, PUT or POST.</param>
    /// <param name="assignmentId">The assignment or CRM.</param>
    /// <param name="customerId">The id that the address takes. Personal data: it appears in no message.</param>
    /// <param name="body">JSON to send, or null.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The JSON answer; the caller disposes it.</returns>
    /// <exception cref="CubeException">The request failed. A write is not retried here: whether it was done is for the caller to find
    /// out.</exception>
    public async Task<PooledBody> SendCustomerAsync(
        HttpMethod method,
        string assignmentId,
        string customerId,
        ReadOnlyMemory<byte>? body,
        CancellationToken cancellationToken
    )
    {
        var catalogue = await generation.GetAsync(cancellationToken);
        var feed = catalogue.Customers;
        var scope = new Scope(feed.Scope, assignmentId);
        if (method == HttpMethod.Get)
        {
            return await ReadCustomerAsync(feed, scope, customerId, cancellationToken);
        }

        if (feed.OtherPath is not null && generation.HasCustomerAtOtherPath(feed) is null && generation.HasOtherPath(feed) is null)
        {
            // A 404 must mean that there is no such customer, not that this tenant has the path in its other form.
            using var page = await GetPageAsync(feed, scope, "", cancellationToken);
        }

        var path =
            feed.PathOf(scope, generation.HasCustomerAtOtherPath(feed) ?? generation.HasOtherPath(feed) ?? false)
            + Uri.EscapeDataString(customerId);
        var other = method == HttpMethod.Post ? catalogue.CreatePath : null;
        if (other is not null && generation.CreatesInBody)
        {
            return await SendBodyAsync(method, other, other, body, cancellationToken);
        }

        try
        {
            return await SendBodyAsync(method, path, feed.Path + "{customer}", body, cancellationToken);
        }
        catch (CubeException exception) when (other is not null && exception.Status == HttpStatusCode.NotFound)
        {
            if (await TryCreateAsync(other, body, cancellationToken) is { } created)
            {
                return created;
            }

            throw;
        }
    }

    /// <summary>
    /// Sends one request without a body at a path of the caller's own and hands back the JSON answer, which the caller disposes.
    /// </summary>
    /// <param name="method">The method; one that changes nothing.</param>
    /// <param name="path">Path on the tenant's origin.</param>
    /// <param name="route">The path with placeholders: names no person.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="CubeException">The request failed.</exception>
    internal Task<PooledBody> AskAsync(HttpMethod method, string path, string route, CancellationToken cancellationToken) =>
        SendBodyAsync(method, path, route, null, cancellationToken);

    /// <summary>
    /// Reads one customer: at the form of the path that has shown one before, else at that of the list, then at the other. The vendor's
    /// documents list customers at both, and name one at a single one.
    /// </summary>
    private async Task<PooledBody> ReadCustomerAsync(Feed feed, Scope scope, string customerId, CancellationToken cancellationToken)
    {
        var listed = generation.HasOtherPath(feed) ?? false;
        CubeException? first = null;
        foreach (
            var other in generation.HasCustomerAtOtherPath(feed) is { } form ? [form]
            : feed.OtherPath is null ? [false]
            : new[] { listed, !listed }
        )
        {
            try
            {
                var path = feed.PathOf(scope, other) + Uri.EscapeDataString(customerId);
                var customer = await SendBodyAsync(HttpMethod.Get, path, feed.Path + "{customer}", null, cancellationToken);
                generation.RememberCustomer(feed, other);
                return customer;
            }
            catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotFound)
            {
                first ??= exception;
            }
        }

        throw first!;
    }

    /// <summary>Creates a customer whose ids are in the body alone; null where the tenant does not take that form either.</summary>
    private async Task<PooledBody?> TryCreateAsync(string path, ReadOnlyMemory<byte>? body, CancellationToken cancellationToken)
    {
        try
        {
            var created = await SendBodyAsync(HttpMethod.Post, path, path, body, cancellationToken);
            generation.CreatesInBody = true;
            return created;
        }
        catch (CubeException exception)
            when (exception.Status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented
                || exception.Kind is CubeFailureKind.Forbidden or CubeFailureKind.Unauthorised or CubeFailureKind.NotJson
            )
        {
            // The path was found in no document of this tenant's: that it is refused says nothing of the customer.
            return null;
        }
    }

    private Task<PooledBody> SendBodyAsync(
        HttpMethod method,
        string path,
        string route,
        ReadOnlyMemory<byte>? body,
        CancellationToken cancellationToken
    ) => SendAsync(new(method, path, "", body, $"{method} {route}", route), CheckJson, cancellationToken);

    private async Task<T> SendAsync<T>(CubeRequest request, Func<PooledBody, T> read, CancellationToken cancellationToken)
        where T : class
    {
        var attempts = 0;
        async Task<T> AttemptAsync(CancellationToken token)
        {
            try
            {
                // The slot is left before the body is parsed: Cube is to have the next request by then.
                var answer = Parse(await ReceiveAsync(request, token), request, read);
                limits.HasAnswered = true;
                return answer;
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !token.IsCancellationRequested)
            {
                var failure = CubeFailure.FromException(exception, request.What);
                if (!limits.HasAnswered && (failure.IsOfProxy || failure.Kind == CubeFailureKind.NotJson))
                {
                    // Once more, and no longer: what was never Cube is a setting.
                    failure.IsFinal = attempts++ > 0;
                }

                if (failure is { Status: not null, RetryAfter: { } wait })
                {
                    await pause.AskAsync(wait, failure.Message, token);
                }

                throw failure;
            }
        }

        if (request.Method != HttpMethod.Get)
        {
            return await AttemptAsync(cancellationToken);
        }

        using var limit = new CancellationTokenSource(CubePipelines.TotalLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            // As a rule the first attempt is the only one: the pipeline is entered where it was none, and takes it for its first.
            CubeException first;
            try
            {
                return await AttemptAsync(either.Token);
            }
            catch (CubeException failure)
            {
                first = failure;
            }

            var isFirst = true;
            return await tries.Retries.ExecuteAsync(
                async token =>
                {
                    if (isFirst)
                    {
                        isFirst = false;
                        throw first;
                    }

                    return await AttemptAsync(token);
                },
                either.Token
            );
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw CubeFailure.FromException(exception, request.What);
        }
    }

    private async Task<PooledBody> ReceiveAsync(CubeRequest request, CancellationToken cancellationToken)
    {
        await pause.WaitAsync(cancellationToken);
        using var slot = await limits.EnterAsync(cancellationToken);

        // The pause may have begun while we waited for a slot.
        await pause.WaitAsync(cancellationToken);
        return await ExchangeAsync(request, cancellationToken);
    }

    private async Task<PooledBody> ExchangeAsync(CubeRequest request, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var limit = new CancellationTokenSource(Shorter(CubePipelines.SilenceLimit, tries.AttemptLimit), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        cancellationToken = either.Token;
        void Heard() => limit.CancelAfter(Shorter(CubePipelines.SilenceLimit, tries.AttemptLimit - time.GetElapsedTime(started)));
        static TimeSpan Shorter(TimeSpan silence, TimeSpan left) => silence < left ? silence : TimeSpan.FromTicks(Math.Max(0, left.Ticks));

        using var response = await FollowAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode || (request.Method == HttpMethod.Get && response.StatusCode != HttpStatusCode.OK))
        {
            var failure = CubeFailure.FromStatus(response, request.What, time);
            throw failure.Kind == CubeFailureKind.Rejected ? await WithDetailAsync(failure, response, cancellationToken) : failure;
        }

        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await PooledBody.ReadAsync(stream, response.Content.Headers.ContentLength, settings.MaxPageBytes, Heard, cancellationToken)
            ?? throw new CubeException(
                CubeFailureKind.TooLarge,
                $"Cube's answer to {request.What} is over {settings.MaxPageBytes >> 20} MiB"
            );
    }

    private static T Parse<T>(PooledBody received, CubeRequest request, Func<PooledBody, T> read)
        where T : class
    {
        try
        {
            return read(received);
        }
        catch (CubeException exception)
        {
            received.Dispose();
            throw new CubeException(exception.Kind, $"{exception.Message}, in answer to {request.What}", exception);
        }
        catch
        {
            received.Dispose();
            throw;
        }
    }

    /// <summary>Sends, and follows redirects within the tenant's origin (a missing slash, say). Elsewhere no request goes.</summary>
    private async Task<HttpResponseMessage> FollowAsync(CubeRequest asked, CancellationToken cancellationToken)
    {
        var address = new Uri(settings.BaseUrl, asked.Query.Length == 0 ? asked.Path : $"{asked.Path}?{asked.Query}");
        for (var hop = 0; ; hop++)
        {
            using var span = RequestSpans.Start(asked.Method, address, asked.Route);
            using var request = new HttpRequestMessage(asked.Method, address)
            {
                Content = new ReadOnlyMemoryContent(asked.Body ?? ReadOnlyMemory<byte>.Empty),
            };
            request.Headers.Authorization = settings.Credential.Header;
            request.Headers.Accept.ParseAdd("application/json");
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            var response = await http.SendAsync(request, span, cancellationToken);
            if (
                response.StatusCode
                    is not (
                        HttpStatusCode.MovedPermanently
                        or HttpStatusCode.Found
                        or HttpStatusCode.TemporaryRedirect
                        or HttpStatusCode.PermanentRedirect
                    )
                || response.Headers.Location is not { } location
                || hop == MaxRedirects
                || asked.Method != HttpMethod.Get
            )
            {
                return response;
            }

            var target = new Uri(address, location);
            if (!target.Host.Equals(settings.BaseUrl.Host, StringComparison.OrdinalIgnoreCase))
            {
                return response;
            }

            response.Dispose();
            address = new Uri(settings.BaseUrl, target.PathAndQuery);
        }
    }

    private static async Task<CubeException> WithDetailAsync(
        CubeException failure,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        const int MostWords = 16 * 1024;
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var body = await PooledBody.ReadAsync(
            stream,
            response.Content.Headers.ContentLength,
            MostWords,
            static () => { },
            cancellationToken
        );
        return new CubeException(failure.Kind, failure.Message)
        {
            Status = failure.Status,
            Detail = body is null ? null : System.Text.Encoding.UTF8.GetString(body.Bytes.Span),
        };
    }

    private static PooledBody CheckJson(PooledBody received)
    {
        var json = PageReader.WithoutMark(received.Bytes.Span);
        if (PageReader.LooksLikeHtml(json))
        {
            throw new CubeException(CubeFailureKind.NotJson, "Cube answered an HTML page instead of JSON");
        }

        var reader = new Utf8JsonReader(json);
        while (reader.Read()) { }

        return received;
    }

    /// <summary>A request as it is sent, and as it is spoken of.</summary>
    /// <param name="Method">GET, PUT or POST.</param>
    /// <param name="Path">Path on the tenant's origin.</param>
    /// <param name="Query">Query without the question mark.</param>
    /// <param name="Body">JSON to send, or null.</param>
    /// <param name="What">What messages call it: no customer in it.</param>
    /// <param name="Route">The path with placeholders, for spans.</param>
    private sealed record CubeRequest(HttpMethod Method, string Path, string Query, ReadOnlyMemory<byte>? Body, string What, string Route);
}
