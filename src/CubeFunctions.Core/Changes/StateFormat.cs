using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CubeFunctions.Core.Changes;

/// <summary>The state file, version 1.</summary>
/// <remarks>
/// All numbers are little-endian.
/// <code>
/// 8 bytes   "CUBEKNOW"
/// int32     version: 1
/// int32     bytes of the header
/// ...       header, JSON: {"schema":1,"run":"...","count":n,"keptFrom":day,"firstDay":day,"seen":[{"from":day,"to":day}],
///           "sources":[{"manifest":"path in cube-raw","from":"yyyy-MM-dd","to":"yyyy-MM-dd","at":"...","run":"...","startedAt":"..."}]}
/// n times   48 bytes, sorted by the first four fields read as key (high, low), content, ordinal:
///   uint64  key hash, high half    (XxHash128 over the key's parts as text, a zero byte between them)
///   uint64  key hash, low half
///   uint64  content hash           (see ContentHash)
///   uint64  hash of the imported id (XxHash3 of its text) in the customers feed, 0 where there is none
///   int32   day number (days since 0001-01-01), 0 in undated feeds
///   int32   page in which the record was last seen, from 1
///   uint16  index of the manifest among the sources
///   uint16  ordinal among records of equal keys
/// uint32 flags: 1 anonymised, 2 absent from the last snapshot; the upper 24 bits: hours since 2000-01-01 UTC at which it was first absent
/// </code>
/// It holds no field of a record, but hashes of ids can be guessed: treat it as personal data.
/// </remarks>
internal static partial class StateFormat
{
    private const int Version = 1;
    private const int StartSize = 16;
    private const int EntrySize = 48;
    private const int Batch = 1600;
    private const int MaxHeader = 64 << 20;
    private const int MaxEntries = 40_000_000;

    private static ReadOnlySpan<byte> Magic => "CUBEKNOW"u8;

    /// <summary>Opens a state as its file has it. The entries are not to change while it is read.</summary>
    public static StateStream Open(ScopeState state)
    {
        var header = JsonSerializer.SerializeToUtf8Bytes(
            new Header(Version, state.Run, state.Entries.Length, state.KeptFrom, state.FirstDay, state.Seen, state.Sources),
            HeaderJson.Default.Header
        );
        var start = new byte[StartSize + header.Length];
        Magic.CopyTo(start);
        BinaryPrimitives.WriteInt32LittleEndian(start.AsSpan(Magic.Length), Version);
        BinaryPrimitives.WriteInt32LittleEndian(start.AsSpan(Magic.Length + sizeof(int)), header.Length);
        header.CopyTo(start, StartSize);
        return new StateStream(start, state.Entries);
    }

    /// <summary>Reads a state as it streams in.</summary>
    /// <exception cref="FormatException">It is no state file, or a broken one.</exception>
    /// <exception cref="InvalidDataException">It is of a version that is not known here.</exception>
    public static async Task<ScopeState> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadWholeAsync(stream, cancellationToken);
        }
        catch (Exception exception) when (exception is EndOfStreamException or JsonException)
        {
            throw new FormatException("The state file is broken.", exception);
        }
    }

    private static async Task<ScopeState> ReadWholeAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[Batch * EntrySize];
        await stream.ReadExactlyAsync(buffer.AsMemory(0, StartSize), cancellationToken);
        var length = HeaderLength(buffer);
        var json = new byte[length];
        await stream.ReadExactlyAsync(json, cancellationToken);
        var header = JsonSerializer.Deserialize(json, HeaderJson.Default.Header);
        if (header is not { Run: not null, Seen: not null, Sources: not null, Count: >= 0 and <= MaxEntries })
        {
            throw new FormatException("The state file's header lacks something.");
        }

        var entries = new StateEntry[header.Count];
        for (var read = 0; read < entries.Length;)
        {
            var batch = Math.Min(Batch, entries.Length - read);
            await stream.ReadExactlyAsync(buffer.AsMemory(0, batch * EntrySize), cancellationToken);
            buffer.AsSpan(0, batch * EntrySize).CopyTo(BytesOf(entries.AsSpan(read, batch)));
            read += batch;
        }

        return new ScopeState
        {
            Run = header.Run,
            Basis = header.Run,
            KeptFrom = header.KeptFrom,
            FirstDay = header.FirstDay,
            Seen = header.Seen,
            Sources = header.Sources,
            Entries = entries,
        };
    }

    private static int HeaderLength(ReadOnlySpan<byte> start)
    {
        if (!start.StartsWith(Magic))
        {
            throw new FormatException("The blob is no state file.");
        }

        var version = BinaryPrimitives.ReadInt32LittleEndian(start[8..]);
        var length = BinaryPrimitives.ReadInt32LittleEndian(start[12..]);
        return version == Version
            ? length is > 0 and <= MaxHeader
                ? length
                : throw new FormatException("The state file's header has no length.")
            : throw new InvalidDataException($"The state file is of version {version}; this program knows version {Version}.");
    }

    /// <summary>Entries as the file has them: an entry's fields lie in memory as they do there.</summary>
    internal static Span<byte> BytesOf(Span<StateEntry> entries) =>
        BitConverter.IsLittleEndian && Unsafe.SizeOf<StateEntry>() == EntrySize
            ? MemoryMarshal.AsBytes(entries)
            : throw new PlatformNotSupportedException("State files are read and written on little-endian machines only.");

    private sealed record Header(
        int Schema,
        string Run,
        int Count,
        int KeptFrom,
        int FirstDay,
        IReadOnlyList<DayRange> Seen,
        IReadOnlyList<StateSource> Sources
    );

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
    )]
    [JsonSerializable(typeof(Header))]
    private sealed partial class HeaderJson : JsonSerializerContext;
}
