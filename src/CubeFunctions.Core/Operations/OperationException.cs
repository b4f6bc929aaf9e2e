namespace CubeFunctions.Core.Operations;

/// <summary>Why an operation is not done, as its caller is to know it. Becomes problem details over HTTP.</summary>
/// <param name="status">The HTTP status that says it.</param>
/// <param name="title">What kind of problem.</param>
/// <param name="detail">This problem.</param>
internal sealed class OperationException(int status, string title, string detail) : Exception(detail)
{
    /// <summary>The HTTP status that says it.</summary>
    public int Status => status;

    /// <summary>What kind of problem.</summary>
    public string Title => title;

    /// <summary>When it is worth another try, or null.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static OperationException Invalid(string detail) => new(400, "Invalid request", detail);

    public static OperationException NotFound(string what) => new(404, "Not found", $"There is no {what} of this id.");
}
