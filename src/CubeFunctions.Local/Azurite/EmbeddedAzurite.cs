using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CubeFunctions.Local.Hosting;

namespace CubeFunctions.Local.Azurite;

/// <summary>
/// The storage emulator that the commands of one data folder share. Who comes first starts it, who leaves last stops it; one that a crash
/// left behind is found and used.
/// </summary>
internal sealed class EmbeddedAzurite : IAsyncDisposable
{
    private static readonly TimeSpan MutexLimit = TimeSpan.FromMinutes(2);
    private readonly string _folder;
    private readonly FileStream _user;
    private readonly AzuriteProcess _process;
    private readonly Action<string> _say;

    private EmbeddedAzurite(string folder, FileStream user, AzuriteProcess process, Action<string> say) =>
        (_folder, _user, _process, _say) = (folder, user, process, say);

    /// <summary>For <c>CubeStorage</c>.</summary>
    public string ConnectionString => _process.ConnectionString();

    /// <summary>Joins the Azurite of a data folder, or starts it.</summary>
    /// <exception cref="LocalHostException">It cannot be installed or started.</exception>
    public static async Task<EmbeddedAzurite> AttachAsync(string folder, Action<string> say, CancellationToken cancellationToken)
    {
        var installation = await AzuriteInstallation.EnsureAsync(say, cancellationToken);
        try
        {
            Directory.CreateDirectory(UsersOf(folder));
            await using var mutex = await EnterAsync(folder, cancellationToken);
            var process = await FindAsync(folder, cancellationToken);
            if (process is null)
            {
                say($"Starting the storage emulator on {Workspace.Shown(folder)} ...");
                process = await AzuriteProcess.StartAsync(
                    installation,
                    Path.Combine(folder, "azurite.log"),
                    ["--location", folder, "--silent"],
                    null,
                    cancellationToken,
                    launched => Write(folder, launched)
                );
            }

            // Held open: when this process dies, however it does, others see that the file is free.
            var user = FileMutex.TryOpen(
                Path.Combine(UsersOf(folder), string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{Guid.NewGuid():N}"))
            )!;
            return new EmbeddedAzurite(folder, user, process, say);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalHostException(
                $"{folder}: the data folder cannot be written ({exception.Message}); work in a folder that can, or set CubeStorage",
                exception
            );
        }
    }

    /// <summary>
    /// The Azurite of the folder, which may still be starting on behalf of a process that died; one that does not answer is ended.
    /// </summary>
    private static async Task<AzuriteProcess?> FindAsync(string folder, CancellationToken cancellationToken)
    {
        if (Read(folder) is not { } running || await running.AnswersAsync(cancellationToken))
        {
            return Read(folder);
        }

        await running.StopAsync();
        return null;
    }

    /// <summary>Leaves; the last one stops Azurite.</summary>
    public async ValueTask DisposeAsync()
    {
        await using var mutex = await EnterAsync(_folder, CancellationToken.None);
        await _user.DisposeAsync();
        if (!AnyUser())
        {
            _say("Stopping the storage emulator ...");
            await _process.StopAsync();
            File.Delete(StateOf(_folder));
        }
    }

    private bool AnyUser()
    {
        var any = false;
        foreach (var path in Directory.GetFiles(UsersOf(_folder)))
        {
            if (FileMutex.TryOpen(path) is { } free)
            {
                free.Dispose();
                File.Delete(path);
            }
            else
            {
                any = true;
            }
        }

        return any;
    }

    /// <summary>All at once: killed in the middle of it, this process would leave an Azurite that nobody finds.</summary>
    private static void Write(string folder, AzuriteProcess process)
    {
        var next = StateOf(folder) + ".new";
        File.WriteAllText(next, JsonSerializer.Serialize(process, AzuriteJson.Default.AzuriteProcess));
        File.Move(next, StateOf(folder), overwrite: true);
    }

    private static AzuriteProcess? Read(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(StateOf(folder)), AzuriteJson.Default.AzuriteProcess);
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }

    private static Task<FileMutex> EnterAsync(string folder, CancellationToken cancellationToken) =>
        FileMutex.EnterAsync(Path.Combine(folder, "mutex"), MutexLimit, cancellationToken);

    private static string StateOf(string folder) => Path.Combine(folder, "azurite.json");

    private static string UsersOf(string folder) => Path.Combine(folder, "users");
}

[JsonSerializable(typeof(AzuriteProcess))]
internal sealed partial class AzuriteJson : JsonSerializerContext;
