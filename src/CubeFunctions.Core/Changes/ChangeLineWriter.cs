using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Changes;

/// <summary>Writes change lines of schema 2: one JSON object a line, valid UTF-8 whatever Cube sent, each ended by a line feed.</summary>
/// <param name="target">Where they go.</param>
/// <param name="header">What they say alike.</param>
internal sealed class ChangeLineWriter(Stream target, LineHeader header) : IDisposable
{
    /// <summary>Version of the format.</summary>
    public const int Schema = 2;

    /// <summary>The origin of a change that was made in Cube.</summary>
    public const string FromCube = "cube";

    /// <summary>The origin of a change that an upsert brought to Cube.</summary>
    public const string FromCrm = "crm";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Dictionary<(ChangeOp Op, string Origin), int> _counts = [];
    private readonly ArrayBufferWriter<byte> _line = new(4096);
    private Utf8JsonWriter? _json;

    /// <summary>Lines written that carry one record each.</summary>
    public int Changes { get; private set; }

    /// <summary>Records that baseline lines stand for.</summary>
    public int BaselineRecords { get; private set; }

    /// <summary>Writes a line that carries one record.</summary>
    public void Write(ChangeLine line)
    {
        var origin = line.IsEcho ? FromCrm : FromCube;
        var json = Begin(line.Id, line.Op, origin);
        json.WriteString("key", line.Key);
        json.WriteString("customerId", line.CustomerId);
        WriteRun(json);
        json.WriteStartArray("changed");
        foreach (var name in line.Changed)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        WriteRaw(json, "record", line.Record);
        WriteRaw(json, "customer", line.Customer?.Record ?? default);
        if (line.Customer is { } customer)
        {
            json.WriteString("customerReadAt", customer.ReadAt);
        }

        if (line.Labels is { Count: > 0 } labels)
        {
            json.WriteStartObject("labels");
            foreach (var (name, label) in labels)
            {
                json.WriteString(name, label);
            }

            json.WriteEndObject();
        }

        End(json);
        Changes++;
        _counts[(line.Op, origin)] = _counts.GetValueOrDefault((line.Op, origin)) + 1;
    }

    /// <summary>Counts the lines written, once their file is stored.</summary>
    public void Count()
    {
        foreach (var ((op, origin), count) in _counts)
        {
            CubeMetrics.ChangesFound.Add(count, new("feed", header.Feed.Setting), new("op", ChangeOps.NameOf(op)), new("origin", origin));
        }
    }

    /// <summary>Writes a line that stands for a reading.</summary>
    public void Write(Baseline baseline)
    {
        var json = Begin(baseline.Id, ChangeOp.Baseline, FromCube);
        WriteRun(json);
        json.WriteString("manifest", baseline.Manifest);
        if (baseline.Days is { } days)
        {
            json.WriteString("from", DateOnly.FromDayNumber(days.From).Iso());
            json.WriteString("to", DateOnly.FromDayNumber(days.To).Iso());
        }

        json.WriteNumber("records", baseline.Records);
        End(json);
        BaselineRecords += baseline.Records;
    }

    public void Dispose() => _json?.Dispose();

    private Utf8JsonWriter Begin(string id, ChangeOp op, string origin)
    {
        _line.ResetWrittenCount();
        var json = _json ??= new Utf8JsonWriter(_line, Options);
        json.Reset(_line);
        json.WriteStartObject();
        json.WriteNumber("schema", Schema);
        json.WriteString("id", id);
        json.WriteString("op", ChangeOps.NameOf(op));
        json.WriteString("origin", origin);
        json.WriteString("feed", header.Feed.Name);
        json.WriteString("scope", header.Scope.KindName);
        json.WriteString("scopeId", header.Scope.Id);
        json.WriteString("assignmentId", header.AssignmentId);
        return json;
    }

    private void WriteRun(Utf8JsonWriter json)
    {
        json.WriteString("at", header.At);
        json.WriteString("runId", header.RunId);
    }

    private void End(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        json.Flush();
        target.Write(_line.WrittenSpan);
        target.WriteByte((byte)'\n');
    }

    private static void WriteRaw(Utf8JsonWriter json, string name, ReadOnlyMemory<byte> value)
    {
        json.WritePropertyName(name);
        if (value.IsEmpty)
        {
            json.WriteNullValue();
            return;
        }

        var valid = JsonEscapes.Valid(value).Span;
        if (valid.IndexOfAny((byte)'\r', (byte)'\n') < 0)
        {
            json.WriteRawValue(valid, skipInputValidation: true);
            return;
        }

        // Line breaks of JSON stand between its tokens only: a space says the same.
        var flat = valid.ToArray();
        flat.AsSpan().Replace((byte)'\r', (byte)' ');
        flat.AsSpan().Replace((byte)'\n', (byte)' ');
        json.WriteRawValue(flat, skipInputValidation: true);
    }
}
