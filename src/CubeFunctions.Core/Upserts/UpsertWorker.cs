using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// Handles the messages of <c>cube-upserts</c>, behind the last barrier of its lane: whatever a delivery throws ends in a row or in a
/// later message.
/// </summary>
public sealed partial class UpsertWorker(
    DeliveryTools tools,
    PostSplitter posts,
    IErasureRequests erasures,
    QueueNotifier<UpsertMessage> notifier,
    PoisonHandler poisons,
    TimeProvider time,
    ILogger<UpsertWorker> logger
)
{
    private const string TooOften = "its message failed too often";

    /// <summary>A message that comes while the lease still holds is sent again for its end.</summary>
    private static readonly TimeSpan AfterLease = TimeSpan.FromSeconds(1);

    private readonly CustomerTurns _turns = new();

    /// <summary>Handles a message. Messages may repeat and come late.</summary>
    /// <exception cref="FormatException">It is no message of ours.</exception>
    /// <exception cref="Azure.RequestFailedException">Neither tables nor queues can be reached; the message comes again.</exception>
    public async Task HandleAsync(string message, CancellationToken cancellationToken)
    {
        var parsed = QueueMessages.Read<UpsertMessage>(message);
        using var span = MessageSpans.StartProcess(parsed);
        if (parsed.Post is { } post)
        {
            await SplitAsync(parsed, post, cancellationToken);
        }
        else if (_turns.TryBegin(parsed.Customer))
        {
            await DeliverAsync(parsed, cancellationToken);
        }
    }

    /// <summary>Handles a message that ended several processes: its events are dead, with the reason.</summary>
    public Task HandlePoisonAsync(string message, CancellationToken cancellationToken) =>
        poisons.HandleAsync<UpsertMessage>(
            message,
            async (parsed, token) =>
            {
                // A post that is not split stays a row, and comes again by the janitor.
                var events = parsed.Post is null ? await tools.Store.PendingAsync(parsed.Customer, token) : [];
                await tools.Store.EndAsync(
                    events.Select(row => new UpsertEnd(
                        row,
                        UpsertState.Dead,
                        row.Reason is { Length: > 0 } last ? $"{TooOften}; last: {last}" : TooOften
                    )),
                    token
                );
            },
            cancellationToken
        );

    private async Task DeliverAsync(UpsertMessage message, CancellationToken cancellationToken)
    {
        try
        {
            var mayGuess = true;
            do
            {
                SessionState state;
                do
                {
                    state = await new DeliverySession(tools, erasures, message.Customer, NotifyAsync, mayGuess).RunAsync(cancellationToken);

                    // Where somebody else had made or changed the mailbox it is read.
                    mayGuess = false;
                } while (state == SessionState.Overtaken);
            } while (!_turns.TryEnd(message.Customer));
        }
        catch (Exception exception)
        {
            var othersWait = _turns.Abandon(message.Customer);
            if (cancellationToken.IsCancellationRequested)
            {
                if (othersWait)
                {
                    await NotifyAsync(message.Customer, TimeSpan.Zero, CancellationToken.None);
                }

                throw;
            }

            await BackOffAsync(message, await FailAsync(message.Customer, exception, cancellationToken));
        }
    }

    private async Task SplitAsync(UpsertMessage message, string post, CancellationToken cancellationToken)
    {
        try
        {
            switch (await posts.SplitAsync(post, cancellationToken))
            {
                case PostOutcome.Held held:
                    // Its worker may have died.
                    await notifier.SendAsync(message, held.Left + AfterLease, cancellationToken);
                    break;
                case PostOutcome.Waiting waiting:
                    LogPostWaits(logger, waiting.Reason);
                    break;
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = StorageErrors.ToFailure(exception, cancellationToken);
            LogFailed(logger, "a post", ErrorInfo.From(exception));
            await BackOffAsync(message, failure);
        }
    }

    /// <summary>Counts an unforeseen failure in the rows of the customer's events; after a few they are dead, by its name.</summary>
    /// <returns>What the next message waits for; storage trouble where the rows cannot be reached.</returns>
    private async Task<Failure> FailAsync(string customer, Exception exception, CancellationToken cancellationToken)
    {
        var failure = StorageErrors.ToFailure(exception, cancellationToken);
        LogFailed(logger, $"the delivery of customer {customer[..8]}", ErrorInfo.From(exception));
        if (failure.Kind != FailureKind.Unexpected)
        {
            return failure;
        }

        try
        {
            if (await tools.Store.EndUnreadableAsync(customer, cancellationToken) == 0)
            {
                var now = time.GetUtcNow();
                var events = await tools.Store.PendingAsync(customer, cancellationToken);
                await tools.Store.EndAsync(
                    events.Select(row =>
                        Recoverability.Decide(DeliveryTools.Policy, failure, row.History, now, 0) is Recovery.DeadLetter dead
                            ? new UpsertEnd(row, UpsertState.Dead, dead.Reason)
                            : new UpsertEnd(row, UpsertState.Waiting, failure.Reason)
                            {
                                Attempts = row.Attempts + 1,
                                FailingSince = row.History.FailingSince ?? now,
                            }
                    ),
                    cancellationToken
                );
            }

            return failure;
        }
        catch (Exception second) when (StorageErrors.IsTrouble(second, cancellationToken))
        {
            return Failure.Trouble(failure.Reason);
        }
    }

    /// <summary>
    /// Has the message come again later. Storage trouble uses up none of the queue's deliveries, so that nothing dies of it.
    /// </summary>
    private async Task BackOffAsync(UpsertMessage message, Failure failure)
    {
        var history = new FailureHistory(message.Attempt, null);
        var delay = Recoverability.Decide(
            DeliveryTools.Pace,
            Failure.Trouble(failure.Reason),
            history,
            time.GetUtcNow(),
            Random.Shared.NextDouble()
        )
            is Recovery.RetryAfter retry
            ? retry.Delay
            : TimeSpan.Zero;
        await notifier.SendAsync(message with { Attempt = message.Attempt + 1 }, delay, CancellationToken.None);
    }

    private Task NotifyAsync(string customer, TimeSpan delay, CancellationToken cancellationToken) =>
        notifier.SendAsync(UpsertMessage.ForCustomer(customer), delay, cancellationToken);

    [LoggerMessage(214, LogLevel.Warning, "A post of many upserts {Reason}")]
    private static partial void LogPostWaits(ILogger logger, string reason);

    [LoggerMessage(200, LogLevel.Warning, "{Unit} failed and is rescheduled: {Error}")]
    private static partial void LogFailed(ILogger logger, string unit, ErrorInfo error);
}
