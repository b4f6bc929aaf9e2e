using CubeFunctions.Local.Hosting;

namespace CubeFunctions.Local.Azurite;

/// <summary>A lock between processes: an open file. The operating system frees it when its holder dies.</summary>
internal sealed class FileMutex : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly FileStream _file;

    private FileMutex(FileStream file) => _file = file;

    public static async Task<FileMutex> EnterAsync(string path, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (TryOpen(path) is { } file)
            {
                return new FileMutex(file);
            }

            if (TimeProvider.System.GetElapsedTime(started) > limit)
            {
                throw new LocalHostException($"{path} is held by another process");
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Opens a file for this process alone; null while another has it.</summary>
    public static FileStream? TryOpen(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (IsHeld(exception))
        {
            return null;
        }
    }

    /// <summary>Whether another process has the file; a folder that cannot be written fails otherwise.</summary>
    private static bool IsHeld(IOException exception)
    {
        const int SharingViolation = 32;
        const int LockViolation = 33;
        const int WouldBlockOnLinux = 11;
        const int WouldBlockOnMac = 35;
        return (exception.HResult & 0xFFFF) is var code
            && (OperatingSystem.IsWindows() ? code is SharingViolation or LockViolation : code is WouldBlockOnLinux or WouldBlockOnMac);
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
