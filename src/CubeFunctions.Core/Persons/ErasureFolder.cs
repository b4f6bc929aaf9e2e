namespace CubeFunctions.Core.Persons;

/// <summary>
/// Where in <c>cube-inbox</c> an erasure that was asked for keeps who it is about until it is done. A search for the person leaves it out.
/// </summary>
internal static class ErasureFolder
{
    public const string Prefix = "erasures/";
}
