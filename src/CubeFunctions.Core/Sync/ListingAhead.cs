using CubeFunctions.Core.Cube;

namespace CubeFunctions.Core.Sync;

/// <summary>The list of campaigns, asked for while the run's row is written: Cube takes longer to answer than storage.</summary>
/// <remarks>For one caller. What was not taken is cancelled and given back at the end.</remarks>
internal sealed class ListingAhead(CampaignListing listing, TimeProvider time, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private DateTimeOffset _startedAt;
    private Task<Page>? _asked;

    /// <summary>Asks for it, once.</summary>
    public void Begin()
    {
        if (_asked is null)
        {
            (_startedAt, _asked) = (time.GetUtcNow(), listing.ReadAsync(includeInactive: false, _stop.Token));
        }
    }

    /// <summary>Waits for it.</summary>
    /// <returns>The page, which is the caller's to dispose, and when it was asked for.</returns>
    public async Task<(Page Page, DateTimeOffset StartedAt)> TakeAsync(CancellationToken cancellationToken)
    {
        Begin();
        return (await _asked!.WaitAsync(cancellationToken), _startedAt);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_asked is not null)
        {
            await ((Task)_asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_asked.IsCompletedSuccessfully)
            {
                // Where it was taken this gives nothing back: a body goes back once.
                (await _asked).Dispose();
            }
        }

        _stop.Dispose();
    }
}
