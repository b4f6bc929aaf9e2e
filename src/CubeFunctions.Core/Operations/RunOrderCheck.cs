using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Operations;

/// <summary>Refuses orders that would read nothing.</summary>
internal sealed class RunOrderCheck(CampaignListing listing, SyncSettings settings, CubeSettings cube, TimeProvider time)
{
    /// <summary>The run that an order asks for.</summary>
    /// <exception cref="OperationException">The order is wrong, or Cube does not list what it names.</exception>
    public async Task<RunRequest> ToRequestAsync(RunOrder order, CancellationToken cancellationToken)
    {
        var request = order.ToRequest(settings, cube.TimeZone.LocalDay(time.GetUtcNow()));
        IReadOnlyList<string> faults;
        try
        {
            faults = await ListedScopes.FindFaultsAsync(
                listing,
                ("campaigns", request.Campaigns),
                ("assignments", request.Assignments),
                cancellationToken
            );
        }
        catch (Exception exception) when (exception is CubeException or JsonException or InvalidOperationException)
        {
            // The run says it, in its item for the list.
            return request;
        }

        return faults.Count == 0 ? request : throw OperationException.Invalid(string.Join('\n', faults));
    }
}
