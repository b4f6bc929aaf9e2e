using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cube.Simulator.Rows;

/// <summary>How the simulator writes JSON: UTF-8 with the letters as they are, as Cube does.</summary>
internal static class Json
{
    public static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public static byte[] ToBytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
            write(json);
        return buffer.WrittenSpan.ToArray();
    }

    public static JsonObject ToObject(Action<Utf8JsonWriter> write) => JsonNode.Parse(ToBytes(write))!.AsObject();

    /// <summary>A record whose members <paramref name="write"/> writes.</summary>
    public static JsonDocument ToDocument(Action<Utf8JsonWriter> write) =>
        JsonDocument.Parse(
            ToBytes(json =>
            {
                json.WriteStartObject();
                write(json);
                json.WriteEndObject();
            })
        );

    public static JsonElement ToElement(JsonObject record)
    {
        using var document = JsonDocument.Parse(ToBytes(json => record.WriteTo(json)));
        return document.RootElement.Clone();
    }

    /// <summary>A Django REST framework error: <c>{"detail": "..."}</c>.</summary>
    public static byte[] Detail(string message) =>
        ToBytes(json =>
        {
            json.WriteStartObject();
            json.WriteString("detail"u8, message);
            json.WriteEndObject();
        });

    /// <summary>A Django REST framework validation error: field names with lists of messages.</summary>
    public static byte[] FieldErrors(IEnumerable<KeyValuePair<string, string>> errors) =>
        ToBytes(json =>
        {
            json.WriteStartObject();
            foreach (var (field, message) in errors)
            {
                json.WriteStartArray(field);
                json.WriteStringValue(message);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        });
}
