namespace CubeFunctions.Benchmarks.Compare;

/// <summary>What a storage request is billed as.</summary>
internal enum TransactionKind
{
    BlobWrite,
    BlobList,
    BlobRead,
    BlobDelete,
    Table,
    Queue,
}

/// <summary>One storage request of Azurite's log.</summary>
internal sealed record Transaction(TransactionKind Kind, string Method, string Path)
{
    /// <summary>Whether it only looks for messages: how often that happens is a matter of time, not of work.</summary>
    public bool IsReceive => Kind == TransactionKind.Queue && Method == "GET";

    /// <summary>What it is for, in a word or two.</summary>
    public string Purpose =>
        Kind switch
        {
            TransactionKind.Queue => $"queue {Method}",
            TransactionKind.Table => $"{Path.Split('(', '?')[0]} {Method}",
            _ when Path.Contains("page-", StringComparison.Ordinal) => $"pages {Method}",
            _ when Path.Contains("_manifest.json", StringComparison.Ordinal) => $"manifests {Method}",
            _ => $"{Path.Split('/', '?')[0]} {Method}",
        };
}

/// <summary>Storage requests in the order of Azurite's log.</summary>
internal sealed class Transactions(IReadOnlyList<Transaction> all)
{
    private static readonly string[] Queues = ["cube-sync", "cube-upserts", "cube-changes"];

    public IReadOnlyList<Transaction> All { get; } = all;

    public int Count => All.Count;

    public int CountOf(TransactionKind kind) => All.Count(one => one.Kind == kind);

    /// <summary>
    /// Reads the lines behind a position: <c>127.0.0.1 - - [date] "PUT /account/container/blob?query HTTP/1.1" 201 -</c>.
    /// </summary>
    public static Transactions Read(string log, long from)
    {
        using var file = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = from;
        using var reader = new StreamReader(file);
        var all = new List<Transaction>();
        while (reader.ReadLine() is { } line)
        {
            var start = line.IndexOf('"', StringComparison.Ordinal) + 1;
            var end = line.IndexOf(" HTTP/1.1\" ", StringComparison.Ordinal);
            if (start > 0 && end > start && line[start..end].Split(' ', 2) is [var method, var target])
            {
                var path = target[(target.IndexOf('/', 1) + 1)..];
                all.Add(new Transaction(KindOf(method, path), method, path));
            }
        }

        return new Transactions(all);
    }

    private static TransactionKind KindOf(string method, string path)
    {
        var container = path.Split('/', '?', '(')[0];
        if (container.StartsWith("Cube", StringComparison.Ordinal) || container is "$batch" or "Tables")
        {
            return TransactionKind.Table;
        }

        var isContainer = path.Contains("restype=container", StringComparison.Ordinal);
        var isQueue =
            !isContainer
            && Queues.Any(queue => container.StartsWith(queue, StringComparison.Ordinal))
            && (
                path.Length == container.Length
                || path[container.Length] == '?'
                || path.StartsWith(container + "/messages", StringComparison.Ordinal)
            );
        return (isQueue, method) switch
        {
            (true, _) => TransactionKind.Queue,
            (_, "GET") when path.Contains("comp=list", StringComparison.Ordinal) && isContainer => TransactionKind.BlobList,
            (_, "GET" or "HEAD") => TransactionKind.BlobRead,
            (_, "DELETE") => TransactionKind.BlobDelete,
            _ => TransactionKind.BlobWrite,
        };
    }
}
