namespace CubeFunctions.Tests.Support;

/// <summary>What an Azurite of <see cref="AzuriteFixture.StartLoggedAsync"/> was asked: each line is one storage transaction.</summary>
public static class AzuriteLog
{
    public static List<string> Requests(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Contains(" HTTP/1.1\" ", StringComparison.Ordinal))
            {
                lines.Add(line);
            }
        }

        return lines;
    }
}
