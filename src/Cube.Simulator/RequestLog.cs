using Microsoft.AspNetCore.Http;

namespace Cube.Simulator;

/// <summary>The requests that arrived, in order of arrival; the oldest are dropped beyond <see cref="Capacity"/>.</summary>
public sealed class RequestLog
{
    private readonly Lock sync = new();
    private readonly Queue<LoggedRequest> requests = new();
    private long total;

    internal RequestLog() { }

    /// <summary>How many requests are kept.</summary>
    public int Capacity { get; } = 50_000;

    /// <summary>Requests since the start, dropped and cleared ones included.</summary>
    public long Total => Interlocked.Read(ref total);

    /// <summary>The requests that are kept, oldest first. One that is still being answered is among them.</summary>
    public IReadOnlyList<LoggedRequest> All
    {
        get
        {
            lock (sync)
                return [.. requests];
        }
    }

    /// <summary>How many of the kept requests have a path that contains a text.</summary>
    /// <param name="pathContains">The text; empty for all.</param>
    public int Count(string pathContains = "") => All.Count(request => request.Path.Contains(pathContains, StringComparison.Ordinal));

    /// <summary>The greatest number of requests that were being answered at one time.</summary>
    /// <param name="pathContains">Of those with this text in their path; empty for all.</param>
    public int MostAtOnce(string pathContains = "")
    {
        var edges = new List<(long At, int Step)>();
        foreach (var request in All.Where(request => request.Path.Contains(pathContains, StringComparison.Ordinal)))
        {
            edges.Add((request.Started, 1));
            edges.Add((request.Ended ?? long.MaxValue, -1));
        }

        int now = 0,
            most = 0;
        foreach (var (_, step) in edges.Order())
            most = Math.Max(most, now += step);
        return most;
    }

    /// <summary>Forgets the requests so far.</summary>
    public void Clear()
    {
        lock (sync)
            requests.Clear();
    }

    internal LoggedRequest Begin(HttpRequest request)
    {
        var entry = new LoggedRequest(Interlocked.Increment(ref total), request);
        lock (sync)
        {
            requests.Enqueue(entry);
            if (requests.Count > Capacity)
                requests.Dequeue();
        }

        return entry;
    }
}
