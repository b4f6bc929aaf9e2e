using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Senders;

/// <summary>A body that is not taken.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Detail">For the sender: what is wrong, and where, without values of the body.</param>
/// <param name="Line">The line, from 1, where it is known.</param>
/// <param name="Position">The byte in that line, from 1.</param>
public sealed record BodyRefusal(RefusalKind Kind, string Detail, long? Line = null, long? Position = null)
{
    /// <summary>The HTTP status: 400, 413 or 415.</summary>
    public int Status =>
        Kind switch
        {
            RefusalKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
            RefusalKind.UnsupportedMediaType => StatusCodes.Status415UnsupportedMediaType,
            _ => StatusCodes.Status400BadRequest,
        };
}
