using System.Globalization;
using System.Text.Json;
using Cube.Simulator.Rows;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace Cube.Simulator.Http;

/// <summary>The members around a page's rows, with what faults make of them.</summary>
internal sealed class PageEnvelope(HttpRequest request, int page, int pages, int count, IReadOnlyList<PickedFault> faults)
{
    public void WriteStart(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        var shown = Count();
        if (Has(FaultKind.NumbersAsText))
            json.WriteString("count"u8, shown.ToString(CultureInfo.InvariantCulture));
        else
            json.WriteNumber("count"u8, shown);
        WriteLink(json, "next", Next());
        WriteLink(json, "previous", page > 1 ? Url(page - 1) : null);
        json.WriteStartArray("results"u8);
    }

    public static void WriteEnd(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private int Count()
    {
        var shown = Has(FaultKind.CountWrong) ? count + 7 : count;
        if (Find(FaultKind.CountHigh) is { } high)
            shown += high.Fault.Rows ?? 1;
        return Find(FaultKind.CountChanges) is { HappenedBefore: var before } && before % 2 == 0 ? shown + 1 : shown;
    }

    private string? Next()
    {
        if (Has(FaultKind.NextEndless))
            return Url(page + 1);
        if (page >= pages)
            return null;
        if (Has(FaultKind.NextSelf))
            return Url(null);
        if (Has(FaultKind.NextOwnPage))
            return Url(page);
        if (Has(FaultKind.NextRepeats) && page > 1)
            return Url(page - 1);
        if (Has(FaultKind.NextMalformed))
            return $"{request.Scheme}://{request.Host}{request.Path}{Query(null)}/?page={page + 1}";
        if (Has(FaultKind.NextHttp))
            return $"http://{request.Host.Host}{request.Path}{Query(page + 1)}";
        if (Has(FaultKind.NextBare))
            return $"{request.Scheme}://{request.Host}{request.Path}{Bare(page + 1)}";
        if (Has(FaultKind.NextOtherFeed))
            return $"{request.Scheme}://{request.Host}{OtherFeed()}{Query(page + 1)}";
        if (Find(FaultKind.NextOtherHost) is { } other)
            return new Uri(other.Fault.OtherHost, request.Path + Query(page + 1)).AbsoluteUri;
        return Url(page + 1);
    }

    private void WriteLink(Utf8JsonWriter json, string name, string? url)
    {
        if (url is not null)
            json.WriteString(name, url);
        else if (Has(FaultKind.EmptyStrings))
            json.WriteString(name, "");
        else
            json.WriteNull(name);
    }

    private string Url(int? number) => $"{request.Scheme}://{request.Host}{request.Path}{Query(number)}";

    private string Query(int? number)
    {
        var builder = new QueryBuilder(request.Query.Where(parameter => parameter.Key != "page"));
        if (number is not null)
            builder.Add("page", number.Value.ToString(CultureInfo.InvariantCulture));
        return builder.ToString();
    }

    // As in the vendor's sample: the parameters in the order of their names.
    private string Bare(int number)
    {
        var all = request
            .Query.Where(parameter => parameter.Key != "page")
            .Select(parameter => (parameter.Key, Value: parameter.Value.ToString()))
            .Append(("page", number.ToString(CultureInfo.InvariantCulture)));
        return string.Join(
            '&',
            all.OrderBy(parameter => parameter.Item1, StringComparer.Ordinal)
                .Select(parameter => $"{parameter.Item1}={Uri.EscapeDataString(parameter.Item2)}")
        );
    }

    private string OtherFeed()
    {
        var path = request.Path.Value!.TrimEnd('/');
        var other = path[(path.LastIndexOf('/') + 1)..] switch
        {
            FeedAddress.Sms => FeedAddress.CallflowCustomers,
            FeedAddress.CallOutcomes => FeedAddress.ProductRegistrations,
            _ => FeedAddress.Sms,
        };
        return $"{path[..(path.LastIndexOf('/') + 1)]}{other}/";
    }

    private bool Has(FaultKind kind) => Find(kind) is not null;

    private PickedFault? Find(FaultKind kind)
    {
        foreach (var picked in faults)
        {
            if (picked.Fault.Kind == kind)
                return picked;
        }

        return null;
    }
}
