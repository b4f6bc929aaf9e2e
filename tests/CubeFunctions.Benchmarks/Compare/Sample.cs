using System.Diagnostics;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>One run of floor or product over a tenant's pages.</summary>
/// <param name="Process">What the process took.</param>
/// <param name="Server">What the page server saw.</param>
/// <param name="Storage">Its storage requests.</param>
/// <param name="Allocated">Bytes allocated, or 0 where nobody asked.</param>
internal sealed record Sample(Measured Process, ServerStats Server, Transactions Storage, long Allocated)
{
    public double Wall => Process.Wall.TotalSeconds;

    public double Cpu => Process.Cpu.TotalSeconds;

    public double PeakMegabytes => Process.PeakBytes / 1e6;

    /// <summary>Without pages of files, which are the program's own images and are shared.</summary>
    public double PeakOwnMegabytes => Process.PeakOwnBytes / 1e6;

    /// <summary>Seconds from the start of the process to its first request.</summary>
    public double ToFirstRequest => Stopwatch.GetElapsedTime(Process.StartedAt, Server.FirstAt).TotalSeconds;

    public double ToFirstPage => Stopwatch.GetElapsedTime(Process.StartedAt, Server.FirstPageAt).TotalSeconds;

    public double Crawl => Stopwatch.GetElapsedTime(Server.FirstPageAt, Server.LastAt).TotalSeconds;

    public double AfterLastPage => Wall - ToFirstPage - Crawl;

    public double PerPage(int transactions) => (double)transactions / Server.Pages;
}
