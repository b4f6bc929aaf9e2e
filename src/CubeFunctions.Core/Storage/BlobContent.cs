using Azure;

namespace CubeFunctions.Core.Storage;

/// <summary>A blob that was read whole.</summary>
/// <param name="Data">Its bytes; null where it is still of the ETag that the reader knew.</param>
/// <param name="ETag">The state that was read: what a replacing write goes on top of.</param>
/// <param name="Metadata">Its metadata.</param>
internal sealed record BlobContent(BinaryData? Data, ETag ETag, IDictionary<string, string> Metadata)
{
    /// <summary>Whether it is as the reader knew it, so that nothing was sent.</summary>
    public bool IsUnchanged => Data is null;
}

/// <summary>What is written into a blob.</summary>
/// <param name="Content">The bytes. Must seek: a write may be repeated.</param>
/// <param name="ContentType">Their media type.</param>
internal sealed record BlobBody(Stream Content, string ContentType)
{
    /// <summary>Metadata beside the write id; null for none.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>When it goes up in blocks; the SDK's own rule by default.</summary>
    public global::Azure.Storage.StorageTransferOptions Transfer { get; init; }

    public static BlobBody Json(ReadOnlyMemory<byte> bytes) => new(BinaryData.FromBytes(bytes).ToStream(), "application/json");
}

/// <summary>What came of writing a blob.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="ETag">The blob's new ETag; default unless it is saved.</param>
internal readonly record struct BlobWritten(StorageOutcome Outcome, ETag ETag)
{
    public bool IsSaved => Outcome == StorageOutcome.Saved;
}
