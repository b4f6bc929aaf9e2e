using System.Globalization;
using System.Text.Json;
using Cube.Simulator.Generation;
using Cube.Simulator.Rows;
using Microsoft.AspNetCore.Http;

namespace Cube.Simulator.Http;

/// <summary>Generation 1 of the API: from a request to what it should be answered.</summary>
internal sealed class Router(SimulatorOptions options, CubeData data)
{
    private readonly CustomerEndpoint customers = new(options, data);

    /// <summary>The segments of a path; a slash at the end makes no difference.</summary>
    public static string[] Segments(HttpRequest request) => (request.Path.Value ?? "").Trim('/').Split('/');

    public static bool IsPaged(string[] path) =>
        path is ["api", "v1", "campaigns", _, "responses" or "sms" or "callflow_customers"]
            or ["api", "v1", "assignments", _, "customers" or "sms" or "callflow_customers"];

    public async Task<Answer> AnswerAsync(HttpRequest request, string[] path, CancellationToken cancellationToken)
    {
        if (path is ["api", "v1", "assignments", var assignment, "customers", var customer])
            return await customers.AnswerAsync(request, Assignment(assignment), customer, cancellationToken);
        if (!HttpMethods.IsGet(request.Method))
            return Answer.MethodNotAllowed(request.Method);
        return path switch
        {
            ["campaigns"] when options.LaterPathsOnly => Answer.LoginPage,
            ["campaigns"] or ["api", "v1", "campaigns"] => options.ExternalUser ? Answer.Forbidden : Campaigns(request),
            ["client_access", "campaigns"] => options.ExternalUser ? Campaigns(request) : Answer.Forbidden,
            ["assignments"] => options.AssignmentsListed ? Assignments() : Answer.NotImplemented(),
            ["api", "v1", "campaigns", var id, var feed] => Campaign(id) is { } campaign ? CampaignFeed(request, campaign, feed) : Answer.NotFound,
            ["api", "v1", "assignments", var id, var feed] => Assignment(id) is { } table ? AssignmentFeed(request, table, feed) : Answer.NotFound,
            _ => Answer.NotFound,
        };
    }

    private Answer CampaignFeed(HttpRequest request, Campaign campaign, string feed)
    {
        var query = request.Query;
        switch (feed)
        {
            case "responses" or "sms":
                if (!DateWindow.TryRead(query, data.Today, out var from, out var to, out var refusal))
                    return refusal!;
                var isSms = feed == "sms";
                data.LetAgentsWork(campaign, isSms ? DayFeed.Sms : DayFeed.Responses);
                return Page(query, isSms ? data.SmsRows(campaign, from, to) : data.ResponseRows(campaign, from, to, Filter(query, "response_type")));
            case "callflow_customers":
                return Page(query, data.CallflowRows(campaign, Filter(query, "call_state")));
            default:
                return Answer.NotFound;
        }
    }

    private Answer AssignmentFeed(HttpRequest request, CustomerTable table, string feed)
    {
        var query = request.Query;
        switch (feed)
        {
            case "customers":
                return Page(query, data.CustomerRows(table));
            case "callflow_customers":
                return Page(query, data.CallflowRows(table, Filter(query, "call_state")));
            case "sms":
                return DateWindow.TryRead(query, data.Today, out var from, out var to, out var refusal)
                    ? Page(query, data.SmsRows(table, from, to))
                    : refusal!;
            case "crm_custom_fields":
                return Array(table.Assignment.CustomFields, Listings.WriteCustomField);
            default:
                return Answer.NotFound;
        }
    }

    private BodyAnswer Campaigns(HttpRequest request) => Array(
        data.Listed(string.Equals(request.Query["include_inactive_campaigns"], "True", StringComparison.OrdinalIgnoreCase)),
        Listings.WriteCampaign);

    private BodyAnswer Assignments() => Array(data.AssignmentIds.Select(id => data.FindAssignment(id)!.Assignment), Listings.WriteAssignment);

    private static Answer Page(IQueryCollection query, IRows rows)
    {
        if (!query.TryGetValue("page", out var text))
            return new PageAnswer(rows, 1);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var page) && page > 0
            ? new PageAnswer(rows, page)
            : PageSender.InvalidPage;
    }

    // One of the vendor's samples has a slash after the value.
    private static string? Filter(IQueryCollection query, string name) =>
        query[name].ToString().TrimEnd('/') is { Length: > 0 } value ? value : null;

    private static BodyAnswer Array<T>(IEnumerable<T> items, Action<Utf8JsonWriter, T> write) => new(200, Json.ToBytes(json =>
    {
        json.WriteStartArray();
        foreach (var item in items)
            write(json, item);
        json.WriteEndArray();
    }));

    private Campaign? Campaign(string id) => Id(id) is { } number ? data.FindCampaign(number) : null;

    private CustomerTable? Assignment(string id) => Id(id) is { } number ? data.FindAssignment(number) : null;

    private static int? Id(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
}
