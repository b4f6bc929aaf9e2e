using System.CommandLine;
using System.Text.Json;
using CubeFunctions.Core.Operations;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary>What the commands that look and steer have in common.</summary>
internal static class OperationsText
{
    /// <summary>The members of the operations API, for people to read.</summary>
    public static OperationsJson Json { get; } = new(new JsonSerializerOptions(OperationsJson.Default.Options) { WriteIndented = true });

    /// <summary>Runs a command that needs no tenant, on what <c>--app</c> names.</summary>
    public static Task<int> RunAsync(
        ParseResult parsed,
        Option<bool>? json,
        Func<IOperations, ParseResult, CancellationToken, Task> actAsync,
        CancellationToken cancellationToken
    ) =>
        CommandLine.RunAsync(
            parsed,
            json,
            async token =>
            {
                await using var operations = await OperationsOption.OpenAsync(parsed, needsCube: false, token);
                await actAsync(operations, parsed, token);
                return 0;
            },
            cancellationToken
        );
}
