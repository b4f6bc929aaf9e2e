using System.CommandLine;
using CubeFunctions.Core;

namespace CubeFunctions.Local.Commands;

/// <summary><c>cube settings</c>: every setting with its default, from the place where it is declared.</summary>
internal static class SettingsCommand
{
    public static Command Create()
    {
        var markdown = new Option<bool>("--markdown") { Description = "as docs/settings.md" };
        var sample = new Option<bool>("--sample") { Description = "as local.settings.sample.json" };
        var command = new Command("settings", "Lists every setting, its default and what it does.") { markdown, sample };
        command.SetAction(parsed =>
            Console.Out.Write(
                parsed.GetValue(markdown) ? SettingsText.Markdown()
                : parsed.GetValue(sample) ? SettingsText.Sample()
                : SettingsText.Plain()
            )
        );
        return command;
    }
}

/// <summary>The settings as text.</summary>
internal static class SettingsText
{
    private const string Sender = "crm";
    private const string Placeholder = "{name}";

    /// <summary><c>docs/settings.md</c>.</summary>
    public static string Markdown() =>
        string.Concat([
            """
            # Settings

            From the environment, or from `Values` of a `local.settings.json` (copy `local.settings.sample.json`); in Azure the app's settings. `__` nests. Wrong settings
            stop the start with one message that lists every fault.

            This page is made by `cube settings --markdown` from the place where each setting is declared.

            | Setting | Default | |
            |---|---|---|

            """,
            .. AppSettings.Declared(Sender).Select(setting => $"| `{General(setting.Name)}` | {Code(setting.Default)} | {setting.Doc} |\n"),
        ]);

    /// <summary><c>local.settings.sample.json</c>.</summary>
    public static string Sample()
    {
        var lines = AppSettings.Declared(Sender).Select(setting => $"    {Quote(setting.Name)}: {Quote(setting.Sample)}");
        return $$"""
            {
              "IsEncrypted": false,
              "Values": {
                "FUNCTIONS_WORKER_RUNTIME": "dotnet-isolated",
                "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            {{string.Join(",\n", lines)}}
              }
            }

            """;
    }

    /// <summary>For a terminal.</summary>
    public static string Plain() =>
        string.Concat(
            AppSettings
                .Declared(Sender)
                .Select(setting =>
                    $"{General(setting.Name)}{(setting.Default.Length > 0 ? $" (default: {setting.Default.Replace("`", "", StringComparison.Ordinal)})" : "")}\n    {setting.Doc.Replace("`", "", StringComparison.Ordinal)}\n"
                )
        );

    private static string General(string name) =>
        name.Replace($"Senders__{Sender}__", $"Senders__{Placeholder}__", StringComparison.Ordinal);

    private static string Code(string text) =>
        text.Length == 0 || text.Contains(' ', StringComparison.Ordinal) && !text.Contains('*', StringComparison.Ordinal)
            ? text
            : $"`{text}`";

    private static string Quote(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
