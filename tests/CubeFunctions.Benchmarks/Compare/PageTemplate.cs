using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>
/// A page of a feed, built once, with places for what differs from page to page: numbers of records, a day, a version. A page costs the
/// server a copy and some thousand digits, and no memory of its own.
/// </summary>
internal sealed class PageTemplate
{
    private const string NumberPlace = "########";
    private const string DayPlace = "@@@@@@@@@@";
    private const string VersionPlace = "!";
    private const int LongestField = 45;
    private static readonly string[] Words =
    [
        "Ada",
        "Berit",
        "Cato",
        "Dag",
        "Eva",
        "Finn",
        "Geir",
        "Hege",
        "Ivar",
        "Jorunn",
        "Knut",
        "Liv",
        "Mona",
        "Nils",
        "Oda",
        "Per",
    ];
    private readonly byte[] _records;
    private readonly List<(int At, int Record)> _numbers = [];
    private readonly List<int> _days = [];
    private readonly List<(int At, int Record)> _versions = [];

    public PageTemplate(string feed, int records, int pageBytes)
    {
        var each = Math.Max(0, (pageBytes - 200) / Math.Max(1, records));
        var random = new Random(records);
        var text = new StringBuilder(pageBytes);
        for (var record = 0; record < records; record++)
        {
            var start = text.Length;
            text.Append(record == 0 ? "" : ",").Append(Record(feed, random));
            var missing = each - (text.Length - start);
            if (missing > 0)
            {
                text.Length--;
                Fill(text, random, missing);
            }

            Note(text, start, record);
        }

        _records = Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Writes one page.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="count">The total that the page gives.</param>
    /// <param name="next">The next page's address, or null.</param>
    /// <param name="first">Number of the first record.</param>
    /// <param name="day">The day in records of dated feeds.</param>
    /// <param name="isChanged">Whether a record has the newer version.</param>
    /// <returns>The page's size.</returns>
    public int Write(IBufferWriter<byte> output, long count, string? next, int first, string day, Func<int, bool> isChanged)
    {
        var head = Encoding.UTF8.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{{\"count\":{count},\"next\":{(next is null ? "null" : $"\"{next}\"")},\"previous\":null,\"results\":["
            )
        );
        var size = head.Length + _records.Length + 2;
        var page = output.GetSpan(size);
        head.CopyTo(page);
        "]}"u8.CopyTo(page[(size - 2)..]);
        var records = page.Slice(head.Length, _records.Length);
        Stamp(records, first, day, isChanged);
        output.Advance(size);
        return size;
    }

    /// <summary>One record alone, as the page has it.</summary>
    public byte[] One(int number)
    {
        var records = new byte[_records.Length];
        Stamp(records, number, "2026-01-01", static _ => false);
        var end = _numbers.Find(place => place.Record == 1).At is var second and > 0
            ? records.AsSpan(0, second).LastIndexOf((byte)'}')
            : records.Length - 1;
        return records[..(end + 1)];
    }

    private void Stamp(Span<byte> records, int first, string day, Func<int, bool> isChanged)
    {
        _records.CopyTo(records);
        foreach (var (at, record) in _numbers)
        {
            Utf8Formatter.TryFormat(first + record, records[at..], out _);
        }

        foreach (var at in _days)
        {
            Encoding.ASCII.GetBytes(day, records[at..]);
        }

        foreach (var (at, record) in _versions)
        {
            records[at] = isChanged(record) ? (byte)'1' : (byte)'0';
        }
    }

    private void Note(StringBuilder text, int start, int record)
    {
        // All of the template is ASCII, so that an index of its text is one of its bytes.
        var written = text.ToString(start, text.Length - start);
        _numbers.AddRange(Places(written, NumberPlace).Select(at => (start + at, record)));
        _days.AddRange(Places(written, DayPlace).Select(at => start + at));
        _versions.Add((start + written.IndexOf(VersionPlace, StringComparison.Ordinal), record));
    }

    private static IEnumerable<int> Places(string text, string place)
    {
        for (var at = text.IndexOf(place, StringComparison.Ordinal); at >= 0; at = text.IndexOf(place, at + 1, StringComparison.Ordinal))
        {
            yield return at;
        }
    }

    private static string Record(string feed, Random random)
    {
        var name = $"{Words[random.Next(Words.Length)]} {Words[random.Next(Words.Length)]}sen";
        var phone = random.Next(90_000_000, 99_999_999);
        return feed switch
        {
            "customers" => $$"""
                {"id":########,"customer_id":"C########","assignment_id":17,"name":"{{name}}","gender":"F",
                "birth_date":"1970-01-01","need_to_know":"v!",
                "address_street":"Storgata","address_street_no":{{random.Next(1, 200)}},"zip_code":"2317","city":"Hamar",
                "county":"Innlandet","country":"Norge",
                "phone_1":"{{phone}}","phone_2":"","email":"########\u0040example.com",
                "active products":"Power","updated":"2026-06-10 09:00","update_method":"Import new"}
                """.ReplaceLineEndings(""),
            "callflow_customers" => $$"""
                {"crm__customer_id":"C########","crm__name":"{{name}}","crm__phone_1":"{{phone}}",
                "crm__phone_2":"","crm__zip_code":"2317","crm__city":"Hamar",
                "callflow__call_state_code":"To Call","callflow__accumulated_attempts":{{random.Next(9)}},
                "callflow__last_change__comment":"v!",
                "callflow__crm_customer_id":########,"campaign__name":"Campaign","assignment__name":"Assignment","client__short_name":"C"}
                """.ReplaceLineEndings(""),
            "responses" => $$"""
                {"crm__customer_id":"C########","crm__name":"{{name}}","crm__phone_1":"{{phone}}",
                "crm__city":"Hamar","client__short_name":"C",
                "assignment__name":"Assignment","campaign__name":"Campaign","response_type":"Sale",
                "response_subtype":"","response_comment":"v!",
                "response_submitted_when":"@@@@@@@@@@ 12:24","response_submitted_by":"agent {{random.Next(20)}}"}
                """.ReplaceLineEndings(""),
            "sms" => $$"""
                {"crm__customer_id":"C########","sms_crm_customer_id":########,
                "sms_customer_name":"{{name}}","sms_customer_number":"{{phone}}",
                "sms_assignment_number":"2000","sms_campaign_id":1,"sms_type":"Confirmation","sms_message":"v!",
                "sms_submitted_by":"agent {{random.Next(20)}}","sms_submitted_when":"@@@@@@@@@@ 12:24","sms_response_id":""}
                """.ReplaceLineEndings(""),
            _ => throw new ArgumentOutOfRangeException(nameof(feed), feed, "no records are known of this feed"),
        };
    }

    /// <summary>Fields of the tenant's own, until the record has its size; what is left over goes into the last.</summary>
    private static void Fill(StringBuilder text, Random random, int missing)
    {
        var end = text.Length + missing;
        for (var field = 1; text.Length < end; field++)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $",\"crm__custom_info__{field}\":\"{Words[random.Next(Words.Length)]} {random.Next(1000)}"
            );
            while (text.Length < end && end - text.Length < LongestField)
            {
                text.Append(' ').Append(Words[random.Next(Words.Length)]);
            }

            text.Append('"');
        }

        text.Append('}');
    }
}
