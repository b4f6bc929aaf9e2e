using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CubeFunctions.Core.Model;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace CubeFunctions.Local.Operations;

/// <summary>A request to an app's API.</summary>
/// <param name="Method">The method.</param>
/// <param name="Api">The address of the API.</param>
/// <param name="Path">Below it. Holds ids of ours only.</param>
internal sealed record AppRequest(HttpMethod Method, Uri Api, string Path)
{
    /// <summary>JSON to send, or null.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>The app, as it was typed.</summary>
    public string Origin => Api.GetLeftPart(UriPartial.Authority);

    public override string ToString() => $"{Method} /api/{Path}";
}

/// <summary>
/// Asks a deployed app. A request has the same effect twice (those that begin something carry an <c>Idempotency-Key</c>), so that one
/// without an answer is sent again.
/// </summary>
internal sealed class AppClient(Uri api, AppKey key) : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(100);

    private static readonly ResiliencePipeline<HttpResponseMessage> Pipeline = new ResiliencePipelineBuilder<HttpResponseMessage>()
        .AddRetry(
            new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = 2,
                Delay = TimeSpan.FromSeconds(1),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = static arguments =>
                    ValueTask.FromResult(
                        arguments.Outcome.Exception
                            is HttpRequestException { HttpRequestError: not HttpRequestError.SecureConnectionError }
                                or TimeoutRejectedException
                            || arguments.Outcome.Result?.StatusCode
                                is HttpStatusCode.TooManyRequests
                                    or HttpStatusCode.BadGateway
                                    or HttpStatusCode.ServiceUnavailable
                                    or HttpStatusCode.GatewayTimeout
                    ),
                DelayGenerator = static arguments =>
                    ValueTask.FromResult<TimeSpan?>(
                        arguments.Outcome.Result is { } answer
                        && RetryAfterHeader.Read(answer.Headers, TimeProvider.System.GetUtcNow()) is { } asked
                            ? TimeSpan.FromTicks(Math.Min(asked.Ticks, LongestPause.Ticks))
                            : null
                    ),
            }
        )
        .AddTimeout(AttemptLimit)
        .Build();

    // Redirects lead to sign-in pages, and would carry the key elsewhere.
    private readonly HttpClient _http = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ActivityHeadersPropagator = null,
        }
    )
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>When the app last asked to be looked at again.</summary>
    public TimeSpan LookAfter { get; private set; } = TimeSpan.FromSeconds(2);

    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) =>
        SendAsync<T>(new AppRequest(HttpMethod.Get, api, path), cancellationToken);

    public Task<TAnswer> PostAsync<TOrder, TAnswer>(
        string path,
        TOrder order,
        JsonTypeInfo<TOrder> type,
        CancellationToken cancellationToken
    ) =>
        SendAsync<TAnswer>(
            new AppRequest(HttpMethod.Post, api, path) { Body = JsonSerializer.SerializeToUtf8Bytes(order, type) },
            cancellationToken
        );

    public Task<T> PostAsync<T>(string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        SendAsync<T>(new AppRequest(HttpMethod.Post, api, path) { Body = body }, cancellationToken);

    /// <summary>Sends what is answered without content.</summary>
    public async Task SendAsync(HttpMethod method, string path, ReadOnlyMemory<byte>? body, CancellationToken cancellationToken)
    {
        using var answer = await AskAsync(new AppRequest(method, api, path) { Body = body }, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(AppRequest request, CancellationToken cancellationToken)
    {
        using var answer = await AskAsync(request, cancellationToken);
        try
        {
            return JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(cancellationToken), AppJson.TypeOf<T>())
                ?? throw new JsonException();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw AppFailure.FromException(exception, request);
        }
    }

    private async Task<HttpResponseMessage> AskAsync(AppRequest request, CancellationToken cancellationToken)
    {
        var repeat = Guid.NewGuid().ToString("N");
        HttpResponseMessage answer;
        try
        {
            answer = await Pipeline.ExecuteAsync(
                async token =>
                {
                    using var message = MessageOf(request, repeat);
                    return await _http.SendAsync(message, token);
                },
                cancellationToken
            );
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw AppFailure.FromException(exception, request);
        }

        if (!answer.IsSuccessStatusCode)
        {
            using (answer)
            {
                throw await AppFailure.FromAnswerAsync(answer, request, key, cancellationToken);
            }
        }

        LookAfter = RetryAfterHeader.Read(answer.Headers, TimeProvider.System.GetUtcNow()) is { } asked
            ? TimeSpan.FromTicks(Math.Clamp(asked.Ticks, TimeSpan.TicksPerSecond, LongestPause.Ticks))
            : LookAfter;
        return answer;
    }

    private HttpRequestMessage MessageOf(AppRequest request, string repeat)
    {
        var message = new HttpRequestMessage(request.Method, new Uri(request.Api, request.Path));
        key.AddTo(message.Headers);
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (request.Body is { } body)
        {
            message.Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            message.Headers.Add("Idempotency-Key", repeat);
        }

        return message;
    }
}
