using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Senders;

/// <summary>
/// Reads a sender's body. Pure, and never throws, whatever the bytes: a body either is refused as a whole or gives its events.
/// </summary>
public static class SenderParser
{
    /// <summary>Reads a body that <see cref="SenderVerifier"/> has verified.</summary>
    /// <param name="sender">The sender.</param>
    /// <param name="headers">The request's headers.</param>
    /// <param name="body">The body, byte for byte.</param>
    /// <param name="arrival">
    /// When it first arrived: the event time of senders that give none, and the measure of times from the future.
    /// </param>
    /// <param name="postId">A new id, unique to this post, for senders that give no event id.</param>
    public static ParsedBody Parse(
        SenderSettings sender,
        IHeaderDictionary headers,
        ReadOnlyMemory<byte> body,
        DateTimeOffset arrival,
        string postId
    )
    {
        ArgumentNullException.ThrowIfNull(sender);
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentException.ThrowIfNullOrEmpty(postId);
        var (document, refusal) = JsonBody.Read(headers, body, markHalfSurrogates: sender.Kind == SenderKind.HubSpot);
        if (document is null)
        {
            return ParsedBody.Refuse(refusal!);
        }

        using (document)
        {
            var post = new SenderPost(sender, headers, document.RootElement, arrival, postId);
            return sender.Kind switch
            {
                SenderKind.HubSpot => HubSpotParser.Parse(post),
                SenderKind.Dataverse => DataverseParser.Parse(post),
                _ => FlatParser.Parse(post),
            };
        }
    }
}
