using System.CommandLine;
using CubeFunctions.Core.Settings;
using CubeFunctions.Local.Commands;

// Before any HTTP client is made.
LoopbackProxy.Bypass();

var root = new RootCommand("CubeFunctions, local host: pulls data out of Cube into your storage, and brings customers into Cube.")
{
    SyncCommand.Create(),
    BackfillCommand.Create(),
    DevCommand.Create(),
    WorkCommand.Create(),
    StatusCommand.Create(),
    RunsCommand.Create(),
    GapsCommand.Create(),
    PausesCommand.Create(),
    HealthCommand.Create(),
    ProbeCommand.Create(),
    CustomerCommand.Create(),
    EraseCommand.Create(),
    DeadLetterCommands.CreateReplay(),
    DeadLetterCommands.CreateDrop(),
    SimulateCommand.Create(),
    SettingsCommand.Create(),
    ListCommand.Create(),
    CatCommand.Create(),
    ExportCommand.Create(),
};

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        await Console.Error.WriteLineAsync(error.Message);
    }

    if (args.Contains("--json"))
    {
        await Console.Out.WriteLineAsync(
            new CommandFailure("Failed", string.Join(' ', parsed.Errors.Select(error => error.Message)), CommandLine.WrongUsage).ToJson()
        );
    }

    return CommandLine.WrongUsage;
}

// Time to save what was read when Ctrl-C comes.
return await parsed.InvokeAsync(
    new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(40), EnableDefaultExceptionHandler = false }
);
