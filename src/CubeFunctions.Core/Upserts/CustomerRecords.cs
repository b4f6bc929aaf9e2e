using System.Net;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using Polly;
using Polly.CircuitBreaker;

namespace CubeFunctions.Core.Upserts;

/// <summary>Single customers in Cube: reads and writes, behind a circuit breaker.</summary>
public sealed class CustomerRecords(CubeClient cube, TimeProvider time)
{
    private const int MaxAttempts = 3;

    private readonly ResiliencePipeline _breaker = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddCircuitBreaker(
            new CircuitBreakerStrategyOptions
            {
                // Only a Cube that is down opens it: one that fails every third time is better retried.
                FailureRatio = 0.9,
                MinimumThroughput = 10,
                SamplingDuration = TimeSpan.FromSeconds(30),
                BreakDuration = BreakFor,
                ShouldHandle = static arguments =>
                    ValueTask.FromResult(arguments.Outcome.Exception is CubeException { Kind: CubeFailureKind.Transient }),
            }
        )
        .Build();

    private static TimeSpan RepeatAfter { get; } = TimeSpan.FromMilliseconds(500);

    private static TimeSpan BreakFor { get; } = TimeSpan.FromSeconds(20);

    /// <summary>Reads a record and compares its imported id as text.</summary>
    /// <param name="mailbox">The customer it must be.</param>
    /// <param name="id">The record's id in Cube's URLs.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="CubeException">It cannot be read.</exception>
    internal async Task<RecordIdentity> IdentifyAsync(MailboxRow mailbox, string id, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await SendAsync(HttpMethod.Get, mailbox, id, null, cancellationToken);
            var imported = CustomerIds.Find(PageReader.WithoutMark(answer.Bytes.Span), CustomerIds.Imported);
            return imported is null ? RecordIdentity.Nobody
                : imported == mailbox.CustomerId ? RecordIdentity.Same
                : RecordIdentity.Other;
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotFound)
        {
            return RecordIdentity.Nobody;
        }
    }

    /// <summary>
    /// Sends a write, and repeats it where that is cheaper than rescheduling the customer and safe: nothing of it is under way any
    /// more.
    /// </summary>
    internal async Task<PooledBody> WriteAsync(
        HttpMethod method,
        MailboxRow mailbox,
        string id,
        byte[] body,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SendAsync(method, mailbox, id, body, cancellationToken);
            }
            catch (CubeException exception) when (attempt < MaxAttempts && MayRepeat(method, exception))
            {
                await Task.Delay(RepeatAfter * attempt * (0.5 + Random.Shared.NextDouble()), time, cancellationToken);
            }
        }
    }

    /// <summary>
    /// A 429 is refused at the door. A 503 may come after the work: harmless for a PUT, but a POST could make a second customer.
    /// </summary>
    private static bool MayRepeat(HttpMethod method, CubeException exception) =>
        !(exception.RetryAfter > TenantPause.LongestWait)
        && (
            exception.Status == HttpStatusCode.TooManyRequests
            || (exception.Status == HttpStatusCode.ServiceUnavailable && method == HttpMethod.Put)
        );

    private async Task<PooledBody> SendAsync(
        HttpMethod method,
        MailboxRow mailbox,
        string id,
        ReadOnlyMemory<byte>? body,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await _breaker.ExecuteAsync(
                async token => await cube.SendCustomerAsync(method, mailbox.AssignmentId, id, body, token),
                cancellationToken
            );
        }
        catch (BrokenCircuitException exception)
        {
            throw new CubeException(CubeFailureKind.Transient, "Cube fails so often that it is left alone for a moment", exception)
            {
                RetryAfter = BreakFor,
            };
        }
    }
}
