using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Cube.Simulator;

/// <summary>A request as it arrived, and what became of it.</summary>
public sealed class LoggedRequest
{
    private readonly long started = Stopwatch.GetTimestamp();
    private long ended;
    private volatile int status;

    internal LoggedRequest(long ordinal, HttpRequest request)
    {
        Ordinal = ordinal;
        Method = request.Method;
        Path = request.Path.Value ?? "/";
        Query = request.QueryString.Value ?? "";
        Accept = request.Headers.Accept.ToString();
        ContentType = request.ContentType ?? "";
        HadCredentials = request.Headers.Authorization.Count > 0;
    }

    /// <summary>Number of the request since the start, from 1.</summary>
    public long Ordinal { get; }

    /// <summary>HTTP method.</summary>
    public string Method { get; }

    /// <summary>Path without the query.</summary>
    public string Path { get; }

    /// <summary>Query with its question mark, or empty.</summary>
    public string Query { get; }

    /// <summary>The <c>Accept</c> header.</summary>
    public string Accept { get; }

    /// <summary>The <c>Content-Type</c> header.</summary>
    public string ContentType { get; }

    /// <summary>An <c>Authorization</c> header came, right or wrong.</summary>
    public bool HadCredentials { get; }

    /// <summary>The credentials were right.</summary>
    public bool Authorized { get; internal set; }

    /// <summary>Faults that were injected.</summary>
    public IReadOnlyList<FaultKind> Faults { get; internal set; } = [];

    /// <summary>Status of the answer; 0 until it begins, and when none was sent.</summary>
    public int Status
    {
        get => status;
        internal set => status = value;
    }

    /// <summary><see cref="Stopwatch"/> timestamp of the arrival.</summary>
    public long Started => started;

    /// <summary><see cref="Stopwatch"/> timestamp of the end; null while it is being answered.</summary>
    public long? Ended => Volatile.Read(ref ended) is var value and not 0 ? value : null;

    /// <summary><c>from_date</c>, or null when it was left out.</summary>
    public string? FromDate => Parameter("from_date");

    /// <summary><c>to_date</c>, or null when it was left out.</summary>
    public string? ToDate => Parameter("to_date");

    /// <summary><c>page</c>, or null when it was left out.</summary>
    public string? Page => Parameter("page");

    /// <summary>A parameter of the query, or null.</summary>
    /// <param name="name">Its name.</param>
    public string? Parameter(string name) => QueryHelpers.ParseQuery(Query).TryGetValue(name, out var value) ? value.ToString() : null;

    /// <inheritdoc/>
    public override string ToString() => $"{Method} {Path}{Query} -> {Status}";

    internal void End() => Volatile.Write(ref ended, Stopwatch.GetTimestamp());
}
