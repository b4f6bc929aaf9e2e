using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using CubeFunctions.Core;
using Xunit;

namespace CubeFunctions.Tests.Architecture;

/// <summary>Core is built in floors: a room uses only those before it.</summary>
public sealed class FloorTests
{
    private const string Root = "CubeFunctions.Core";

    /// <summary>The rooms from the ground up. The last one is the composition root.</summary>
    private static readonly string[] Floors =
    [
        "Model",
        "Settings",
        "Storage",
        "Cube",
        "Persons",
        "Sync",
        "Senders",
        "Upserts",
        "Changes",
        "Delivery",
        "Erasure",
        "Operations",
        "Endpoints",
        "",
    ];

    private static readonly ArchUnitNET.Domain.Architecture Core = new ArchLoader()
        .LoadAssemblies(typeof(CubeApplication).Assembly)
        .Build();

    [Fact]
    public void A_room_uses_only_rooms_on_the_floors_below_it()
    {
        var edges = Edges();
        Assert.NotEmpty(edges);
        var upward = edges
            .Where(edge => Array.IndexOf(Floors, edge.To) > Array.IndexOf(Floors, edge.From))
            .Select(edge => $"{edge.User} uses {edge.Used}")
            .Distinct()
            .Order();
        Assert.Equal("", string.Join(Environment.NewLine, upward));
    }

    [Fact]
    public void Every_room_has_its_floor() => Assert.Empty(Core.Types.Where(IsOurs).Select(RoomOf).Distinct().Except(Floors));

    private static List<(string From, string To, string User, string Used)> Edges() =>
        [
            .. from type in Core.Types
            where IsOurs(type)
            from dependency in type.Dependencies
            where IsOurs(dependency.Target) && RoomOf(type) != RoomOf(dependency.Target)
            select (RoomOf(type), RoomOf(dependency.Target), type.FullName, dependency.Target.FullName),
        ];

    /// <summary>
    /// Types of Core; not arrays and delegates of the framework, which the loader files under the namespace of their elements.
    /// </summary>
    private static bool IsOurs(IType type) =>
        type.FullName.StartsWith(Root + ".", StringComparison.Ordinal)
        && type.Namespace is { } space
        && (space.FullName == Root || space.FullName.StartsWith(Root + ".", StringComparison.Ordinal));

    /// <summary>Folders are namespaces: the first part below the root is the room.</summary>
    private static string RoomOf(IType type) =>
        type.Namespace.FullName == Root ? "" : type.Namespace.FullName[(Root.Length + 1)..].Split('.')[0];
}
