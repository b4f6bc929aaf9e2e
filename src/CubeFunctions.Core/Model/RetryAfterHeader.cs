using System.Net.Http.Headers;

namespace CubeFunctions.Core.Model;

/// <summary>Reads <c>Retry-After</c> (RFC 9110, section 10.2.3).</summary>
internal static class RetryAfterHeader
{
    /// <summary>
    /// How long an answer asks to be left alone: seconds, or a date by the answer's own <c>Date</c>, so that the other side's clock may be
    /// wrong.
    /// </summary>
    /// <param name="headers">The answer's headers.</param>
    /// <param name="now">Our time, for an answer without <c>Date</c>.</param>
    /// <returns>Zero or more, without an upper bound (<see cref="Recoverability.Bound"/>); null where it does not say.</returns>
    public static TimeSpan? Read(HttpResponseHeaders headers, DateTimeOffset now)
    {
        var wait = headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - (headers.Date ?? now),
            _ => (TimeSpan?)null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}
