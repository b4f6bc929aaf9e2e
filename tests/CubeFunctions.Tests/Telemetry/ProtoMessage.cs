using System.Text;
using Google.Protobuf;

namespace CubeFunctions.Tests.Telemetry;

/// <summary>A protobuf message by its field numbers: enough to read the few members of OTLP that tests ask for.</summary>
internal sealed class ProtoMessage
{
    private readonly List<(int Field, ulong Number, byte[]? Bytes)> _fields = [];

    public static ProtoMessage Read(byte[] bytes)
    {
        var message = new ProtoMessage();
        var input = new CodedInputStream(bytes);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            var (number, content) = WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => (input.ReadUInt64(), null),
                WireFormat.WireType.Fixed64 => (input.ReadFixed64(), null),
                WireFormat.WireType.Fixed32 => (input.ReadFixed32(), null),
                WireFormat.WireType.LengthDelimited => (0UL, input.ReadBytes().ToByteArray()),
                var other => throw new InvalidDataException($"wire type {other}"),
            };
            message._fields.Add((WireFormat.GetTagFieldNumber(tag), number, content));
        }

        return message;
    }

    public IEnumerable<ProtoMessage> All(int field) => _fields.Where(entry => entry.Field == field).Select(entry => Read(entry.Bytes!));

    public ProtoMessage? One(int field) => All(field).LastOrDefault();

    public bool Has(int field) => _fields.Exists(entry => entry.Field == field);

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

    public string Hex(int field) => Convert.ToHexStringLower(Bytes(field));

    public ulong Number(int field) => _fields.LastOrDefault(entry => entry.Field == field).Number;

    public double Double(int field) => BitConverter.UInt64BitsToDouble(Number(field));

    private byte[] Bytes(int field) => _fields.LastOrDefault(entry => entry.Field == field).Bytes ?? [];
}
