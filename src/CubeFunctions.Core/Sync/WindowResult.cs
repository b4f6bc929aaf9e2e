using CubeFunctions.Core.Model;




namespace CubeFunctions.Core.Sync;

/// <summary>What an item's row keeps of a window.</summary>
internal sealed record WindowResult(DateOnly? From, DateOnly? To, Proof Proof, int Pages, long Records, long Bytes, string Manifest, bool Unchanged)
{
    public Window Window => new(From, To);
}
