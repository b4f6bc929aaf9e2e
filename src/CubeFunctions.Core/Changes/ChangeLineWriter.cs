using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Changes;

/// <summary>Writes change lines: one JSON object a line, UTF-8, each ended by a line feed.</summary>
/// <param name="target">Where they go.</param>
/// <param name="feed">The feed.</param>
/// <param name="scope">The scope.</param>
/// <param name="runId">The run that tells them.</param>
/// <param name="basis">The run that wrote the state they are told against: another run that tells the same against the same state gives the same ids.</param>
/// <param name="at">When Cube was read.</param>
internal sealed class ChangeLineWriter(Stream target, Feed feed, Scope scope, string runId, string basis, DateTimeOffset at) : IDisposable
{
    /// <summary>The origin of a change that somebody made in Cube.</summary>
    public const string FromCube = "cube";

    /// <summary>The origin of a change that an upsert brought to Cube.</summary>
    public const string FromCrm = "crm";

    private const int Schema = 1;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly ArrayBufferWriter<byte> _line = new(4096);
    private Utf8JsonWriter? _json;

    /// <summary>Lines written.</summary>
    public int Count { get; private set; }

    /// <summary>The id of a change: the same for the same record and contents told against the same state, so that a repeat can be told.</summary>
    public string IdOf(ChangeOp op, KeyHash key, int ordinal, ulong before, ulong after)
    {
        var identity = string.Create(CultureInfo.InvariantCulture, $"{feed.Setting}|{scope}|{basis}|{op}|{key.High:x16}{key.Low:x16}|{ordinal}|{before:x16}|{after:x16}");
        return XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(identity)).ToString("x32", CultureInfo.InvariantCulture);
    }

    /// <summary>The id of that part of a change that an upsert brought, where the rest was made in Cube: a line of its own.</summary>
    public static string IdOfEcho(string id) => XxHash128.HashToUInt128(Encoding.UTF8.GetBytes($"{id}|{FromCrm}")).ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>The key as lines show it: its parts between bars; in dated feeds the scope's id first and the ordinal last.</summary>
    public string KeyText(IReadOnlyList<string> parts, int ordinal)
    {
        var all = feed.Dated ? parts.Prepend(scope.Id).Append(ordinal.ToString(CultureInfo.InvariantCulture))
            : ordinal == 0 ? parts
            : parts.Append(ordinal.ToString(CultureInfo.InvariantCulture));
        return string.Join('|', all.Select(part => part.Replace("%", "%25", StringComparison.Ordinal).Replace("|", "%7C", StringComparison.Ordinal)));
    }

    /// <summary>The customer's part of a key as lines show it.</summary>
    public static string CustomerOf(string key, Feed feed)
    {
        // In dated feeds the scope comes first.
        var parts = key.Split('|');
        var place = feed.Dated ? 1 : 0;
        return place < parts.Length ? parts[place].Replace("%7C", "|", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal) : "";
    }

    /// <summary>Writes one line.</summary>
    /// <param name="line">What it says.</param>
    public void Write(in ChangeLine line)
    {
        _line.ResetWrittenCount();
        _json ??= new Utf8JsonWriter(_line, Options);
        _json.Reset(_line);
        _json.WriteStartObject();
        _json.WriteNumber("schema", Schema);
        _json.WriteString("id", line.Id);
        _json.WriteString("op", NameOf(line.Op));
        _json.WriteString("origin", line.IsEcho ? FromCrm : FromCube);
        _json.WriteString("feed", feed.Name);
        _json.WriteString("scope", scope.KindName);
        _json.WriteString("scopeId", scope.Id);
        _json.WriteString("key", line.Key);
        _json.WriteString("at", at);
        _json.WriteString("runId", runId);
        _json.WriteStartArray("changed");
        foreach (var name in line.Changed)
        {
            _json.WriteStringValue(name);
        }

        _json.WriteEndArray();
        WriteRaw("record", line.Record.Span);
        WriteRaw("customer", line.Customer.Span);
        if (line.Labels is { Count: > 0 } labels)
        {
            _json.WriteStartObject("labels");
            foreach (var (name, label) in labels)
            {
                _json.WriteString(name, label);
            }

            _json.WriteEndObject();
        }

        _json.WriteEndObject();
        _json.Flush();
        target.Write(_line.WrittenSpan);
        target.WriteByte((byte)'\n');
        Count++;
    }

    /// <summary>The name of an op in lines.</summary>
    public static string NameOf(ChangeOp op) => op switch
    {
        ChangeOp.Created => "created",
        ChangeOp.Updated => "updated",
        ChangeOp.Deleted => "deleted",
        ChangeOp.Erased => "erased",
        ChangeOp.Recorded => "recorded",
        ChangeOp.Corrected => "corrected",
        ChangeOp.Removed => "removed",
        _ => throw new ArgumentOutOfRangeException(nameof(op)),
    };

    public void Dispose() => _json?.Dispose();

    private void WriteRaw(string name, ReadOnlySpan<byte> value)
    {
        _json!.WritePropertyName(name);
        if (value.IsEmpty)
        {
            _json.WriteNullValue();
        }
        else if (value.IndexOfAny((byte)'\r', (byte)'\n') < 0)
        {
            _json.WriteRawValue(value, skipInputValidation: true);
        }
        else
        {
            // Line breaks of JSON stand between its tokens only: a space says the same.
            var flat = value.ToArray();
            flat.AsSpan().Replace((byte)'\r', (byte)' ');
            flat.AsSpan().Replace((byte)'\n', (byte)' ');
            _json.WriteRawValue(flat, skipInputValidation: true);
        }
    }
}
