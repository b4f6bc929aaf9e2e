using CubeFunctions.Tests.Functions.Host.Protocol;
using Xunit;

namespace CubeFunctions.Tests.Functions.Host;

/// <summary>How an invocation ended.</summary>
/// <param name="Outcome">Its outcome.</param>
/// <param name="Error">Message of the exception, or null.</param>
internal sealed record Invocation(InvocationOutcome Outcome, string? Error)
{
    public static Invocation From(StatusResult result) =>
        new(
            result.Status switch
            {
                StatusResult.Types.Status.Success => InvocationOutcome.Succeeded,
                StatusResult.Types.Status.Cancelled => InvocationOutcome.Cancelled,
                _ => InvocationOutcome.Failed,
            },
            result.Exception?.Message
        );

    public void AssertSucceeded() => Assert.True(Outcome == InvocationOutcome.Succeeded, $"{Outcome}: {Error}");
}

/// <summary>What became of an invocation.</summary>
internal enum InvocationOutcome
{
    /// <summary>The function returned.</summary>
    Succeeded,

    /// <summary>The function threw.</summary>
    Failed,

    /// <summary>The function was cancelled and threw because of it.</summary>
    Cancelled,

    /// <summary>The worker ended before it answered.</summary>
    Lost,
}
