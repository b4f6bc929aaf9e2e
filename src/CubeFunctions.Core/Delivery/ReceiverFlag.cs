using System.Text;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Delivery;

/// <summary>
/// The pause of the receiver: until when it wants to be left alone, or, after 410, until a person lifts it. It is about one address:
/// another one is asked at once.
/// </summary>
internal static class ReceiverFlag
{
    /// <summary>What people call it, and the key of its registration.</summary>
    public const string Name = "receiver";

    private const string Key = "pause";
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(5);

    public static SharedFlag Create(DeliveryStore store, DeliverySettings settings, TimeProvider time)
    {
        // A hash: the address may hold a secret.
        var address = Hash128.Of(Encoding.UTF8.GetBytes(settings.Crm?.Url.AbsoluteUri ?? "")).ToString();
        return new SharedFlag(store.Table, new FlagDefinition(Name, Name, Key) { RefreshEvery = RefreshEvery, Address = address }, time);
    }
}
