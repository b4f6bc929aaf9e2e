using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Delivery;

/// <summary>What a delivery reads from and sends to.</summary>
public sealed class DeliverySources(
    ChangeFileReaders files,
    ChangeBody bodies,
    CrmReceiver receiver,
    Pseudonyms pseudonyms,
    SyncSettings sync,
    TimeProvider time,
    ILogger<DeliverySources> logger
)
{
    internal ChangeFileReaders Files => files;

    internal ChangeBody Bodies => bodies;

    internal CrmReceiver Receiver => receiver;

    internal Pseudonyms Pseudonyms => pseudonyms;

    internal TimeProvider Time => time;

    internal ILogger Logger => logger;

    /// <summary>When work on a message has to end that begins now.</summary>
    internal DateTimeOffset Deadline => time.GetUtcNow() + sync.TimeBudget;
}
