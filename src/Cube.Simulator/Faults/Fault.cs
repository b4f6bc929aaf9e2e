namespace Cube.Simulator;

/// <summary>
/// A fault and when it happens. The dice follow from the plan's seed, the fault's place in the plan and the matching request's number.
/// </summary>
public sealed record Fault
{
    /// <summary>What happens.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>Share of the matching requests, 0 to 1; 1 by default.</summary>
    public double Rate { get; init; } = 1;

    /// <summary>Only requests with this text in their path.</summary>
    public string? PathContains { get; init; }

    /// <summary>Only pages from this one on; a request without <c>page</c> is page 1.</summary>
    public int FromPage { get; init; } = 1;

    /// <summary>Only pages up to this one.</summary>
    public int ToPage { get; init; } = int.MaxValue;

    /// <summary>Only this HTTP method.</summary>
    public string? Method { get; init; }

    /// <summary>At most so many times; unbounded when null, save <see cref="FaultKind.RowsShift"/>: 3 per feed.</summary>
    public int? Times { get; init; }

    /// <summary>What <c>Retry-After</c> asks for, in whole seconds; 1 s by default.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary><c>Retry-After</c> word for word, instead of <see cref="RetryAfter"/>; any text.</summary>
    public string? RetryAfterText { get; init; }

    /// <summary>
    /// How far the tenant's clock is ahead in the <c>Date</c> header and in dates of <c>Retry-After</c>; null leaves it to the options.
    /// </summary>
    public TimeSpan? DateSkew { get; init; }

    /// <summary>Only requests whose <c>from_date</c> to <c>to_date</c> holds this day.</summary>
    public DateOnly? Day { get; init; }

    /// <summary>Only requests with exactly this <c>from_date</c>.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Only requests with exactly this <c>to_date</c>.</summary>
    public DateOnly? To { get; init; }

    /// <summary>Rows that are missing, counted too many, or on a page; by the kind.</summary>
    public int? Rows { get; init; }

    /// <summary>
    /// How long <see cref="FaultKind.SlowBody"/> trickles or <see cref="FaultKind.Delay"/> waits, in real time; 2 s by default.
    /// </summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>What <see cref="FaultKind.TooLarge"/> exceeds; 64 MiB by default.</summary>
    public long Bytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Where <see cref="FaultKind.NextOtherHost"/> points.</summary>
    public Uri OtherHost { get; init; } = new("http://elsewhere.invalid/");

    /// <summary>
    /// How <see cref="FaultKind.WorkThenFail"/> fails: ServiceUnavailable503, ResetBeforeBody or Hang; null for each in turn.
    /// </summary>
    public FaultKind? WorkThenFailAs { get; init; }
}
