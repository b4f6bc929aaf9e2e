using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>What all deliveries work with.</summary>
public sealed class DeliveryTools(
    UpsertStore store,
    CustomerResolver resolver,
    CustomerWriter writer,
    TenantWrites writes,
    UpsertSettings settings,
    SyncSettings sync,
    TimeProvider time
)
{
    /// <summary>The shortest lease: a write to Cube takes seconds.</summary>
    private static readonly TimeSpan ShortestLease = TimeSpan.FromSeconds(10);

    /// <summary>What becomes of an event whose deliveries fail.</summary>
    internal static RecoveryPolicy Policy { get; } =
        RecoveryPolicy.Exponential(TimeSpan.FromSeconds(10), TimeSpan.FromHours(1)) with
        {
            GiveUpAfter = TimeSpan.FromHours(48),
        };

    /// <summary>When a customer is tried again. Customers never die, their events do.</summary>
    internal static RecoveryPolicy Pace { get; } = RecoveryPolicy.Exponential(TimeSpan.FromSeconds(10), TimeSpan.FromHours(1));

    internal UpsertStore Store => store;

    internal CustomerResolver Resolver => resolver;

    internal CustomerWriter Writer => writer;

    internal TenantWrites Writes => writes;

    internal TimeProvider Time => time;

    /// <summary>
    /// Whether the last customer had no mailbox: imports bring one new customer after the other, and then the next one's is not looked for.
    /// </summary>
    internal bool ExpectsNew { get; set; }

    internal TimeSpan Lease => sync.Lease > ShortestLease ? sync.Lease : ShortestLease;

    /// <summary>Gives a mailbox back after a failure. Where storage cannot be reached the lease runs out by itself.</summary>
    internal Task ReleaseAsync(LeasedRow<MailboxRow> lease) => store.ReleaseAsync(lease, Lease);

    internal FieldMap? MapOf(string sender) => settings.Senders.TryGetValue(sender, out var found) ? found.FieldMap : null;
}
