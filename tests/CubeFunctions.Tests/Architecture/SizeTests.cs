using System.Reflection;
using System.Runtime.CompilerServices;
using CubeFunctions.Core;
using CubeFunctions.Local.Hosting;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Architecture;

/// <summary>A class that needs more than a handful of others, and a file that is longer than a reader follows, want to be cut.</summary>
public sealed class SizeTests
{
    private const int MostOfAConstructor = 7;
    private const int MostOfAMethod = 8;
    private const int MostLines = 500;

    /// <summary>Constructors that take more, and why.</summary>
    private static readonly Dictionary<string, string> Larger = new(StringComparer.Ordinal)
    {
        ["CubeClient"] = "the only way to Cube: credentials, pause, limits, retries and reading meet there",
    };

    private static readonly Assembly[] Assemblies = [typeof(CubeApplication).Assembly, typeof(LocalApp).Assembly];

    private static IEnumerable<Type> Written =>
        Assemblies
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => !type.IsDefined(typeof(CompilerGeneratedAttribute)) && !type.IsAssignableTo(typeof(Delegate)));

    [Fact]
    public void No_constructor_takes_more_than_seven()
    {
        // Records are data, and as wide as what they describe.
        var large = Written
            .Where(type => type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance) is null)
            .SelectMany(type => type.GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance))
            .Where(constructor => constructor.GetParameters().Length > MostOfAConstructor)
            .Select(constructor => constructor.DeclaringType!.Name)
            .ToHashSet(StringComparer.Ordinal);
        Assert.Equal(Larger.Keys.Order(StringComparer.Ordinal), large.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_method_takes_more_than_eight() =>
        Assert.Equal(
            [],
            Written
                .SelectMany(type =>
                    type.GetMethods(
                        BindingFlags.Public
                            | BindingFlags.NonPublic
                            | BindingFlags.Instance
                            | BindingFlags.Static
                            | BindingFlags.DeclaredOnly
                    )
                )
                .Where(method => method.GetParameters().Length > MostOfAMethod && method.Name != "Deconstruct")
                .Select(method => $"{method.DeclaringType!.Name}.{method.Name}")
        );

    [Fact]
    public void No_file_is_longer_than_a_reader_follows()
    {
        var files = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        Assert.Equal(
            [],
            files
                .Select(file => (Name: Path.GetRelativePath(Repository.Root, file), Lines: File.ReadLines(file).Count()))
                .Where(file => file.Lines > MostLines)
                .Select(file => $"{file.Name}: {file.Lines} lines")
        );
    }
}
