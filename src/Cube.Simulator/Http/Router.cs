using System.Globalization;
using Cube.Simulator.Rows;
using Microsoft.AspNetCore.Http;

namespace Cube.Simulator.Http;

/// <summary>From a request to what it should be answered.</summary>
internal sealed class Router(SimulatorOptions options, CubeData data)
{
    private readonly Routes routes = new(data);
    private readonly CustomerEndpoint customers = new(options, data);

    /// <summary>The segments of a path; a slash at the end makes no difference.</summary>
    public static string[] Segments(HttpRequest request) =>
        // The web server decodes everything but a slash.
        [
            .. (request.Path.Value ?? "")
                .Trim('/')
                .Split('/')
                .Select(segment => segment.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase)),
        ];

    public async Task<Answer> AnswerAsync(HttpRequest request, TenantShape shape, string[] path, CancellationToken cancellationToken)
    {
        if (HttpMethods.IsOptions(request.Method) && shape.Has(Variant.OptionsAllow))
            return Allow(shape, path);
        if (routes.FindCustomer(shape, path) is { } one)
            return await customers.AnswerAsync(request, shape, one.Customers, one.Id, cancellationToken);
        if (path is ["crm", "customers"] && shape.Has(Variant.CreateInBody) && HttpMethods.IsPost(request.Method))
            return await customers.CreateAsync(request, shape, cancellationToken);
        if (!HttpMethods.IsGet(request.Method))
            return Answer.MethodNotAllowed(request.Method);
        if (Listing(request, shape, path) is { } listing)
            return listing;
        return routes.Find(shape, path) is { } address ? Feed(request, shape, address) : Answer.NotFound;
    }

    /// <summary>The answer at a path of a listing, or null when it is none of these.</summary>
    private Answer? Listing(HttpRequest request, TenantShape shape, string[] path)
    {
        var external = shape.IsExternalUser;
        var externalUnderApi = shape.IsGeneration2 || shape.Has(Variant.ListingHalfway) || shape.Has(Variant.ExternalUserUnderApi);
        return path switch
        {
            ["campaigns"] when shape.IsGeneration2 || shape.Has(Variant.CampaignsUnderApi) => Answer.NotFound,
            ["campaigns"] when options.LaterPathsOnly => Answer.LoginPage,
            ["api", "v1", "campaigns"] when shape.Has(Variant.CampaignsAtRoot) => Answer.NotFound,
            ["campaigns"] or ["api", "v1", "campaigns"] => external ? Answer.Forbidden : Campaigns(request, shape),
            ["client_access", "campaigns"] when externalUnderApi => Answer.NotFound,
            ["api", "v1", "client_access", "campaigns"] when !externalUnderApi => Answer.NotFound,
            ["client_access", "campaigns"] or ["api", "v1", "client_access", "campaigns"] => external
                ? Campaigns(request, shape)
                : Answer.Forbidden,
            ["assignments"] when !shape.IsGeneration2 => options.AssignmentsListed ? Assignments(shape) : Answer.NotImplemented(),
            _ => null,
        };
    }

    private Answer Feed(HttpRequest request, TenantShape shape, FeedAddress address)
    {
        var query = request.Query;
        if (address.Feed == FeedAddress.CustomFields)
            return Listings.Array(shape, address.Customers!.Assignment.CustomFields, Listings.WriteCustomField);
        var filter = new FeedFilter(data.Today, data.Today)
        {
            Type = shape.IsGeneration2
                ? Filter(query, "call_outcomes") ?? Filter(query, "call_outcomes_type")
                : Filter(query, "response_type"),
            CallState = Filter(query, "call_state"),
        };
        if (address.IsDated)
        {
            if (!DateWindow.TryRead(query, data.Today, out var from, out var to, out var refusal))
                return refusal!;
            filter = filter with { From = from, To = to };
        }

        if (address.Campaign is not null)
            data.LetAgentsWork(address.Campaign, address.Feed);
        return Page(query, data.Rows(shape, address, filter), data.PageSize);
    }

    private BodyAnswer Campaigns(HttpRequest request, TenantShape shape)
    {
        var includeInactive = string.Equals(request.Query["include_inactive_campaigns"], "True", StringComparison.OrdinalIgnoreCase);
        return Listings.Campaigns(shape, data.Listed(includeInactive), data.Today);
    }

    private BodyAnswer Assignments(TenantShape shape) =>
        Listings.Array(shape, data.AssignmentIds.Select(id => data.FindAssignment(id)!.Assignment), Listings.WriteAssignment);

    private Answer Allow(TenantShape shape, string[] path)
    {
        var isCustomer = routes.FindCustomer(shape, path) is { Customers: not null };
        if (!isCustomer && routes.Find(shape, path) is null && path is not (["campaigns"] or ["api", "v1", "campaigns"]))
            return Answer.NotFound;
        return new BodyAnswer(200, Json.Detail("See Allow."))
        {
            Allow = isCustomer && shape.Writes == WriteMode.Enabled ? "GET, PUT, POST, HEAD, OPTIONS" : "GET, HEAD, OPTIONS",
        };
    }

    private static Answer Page(IQueryCollection query, IRows rows, int size)
    {
        if (!query.TryGetValue("page", out var text))
            return new PageAnswer(rows, 1, size);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var page) && page > 0
            ? new PageAnswer(rows, page, size)
            : PageSender.InvalidPage;
    }

    // One of the vendor's samples has a slash after the value.
    private static string? Filter(IQueryCollection query, string name) =>
        query[name].ToString().TrimEnd('/') is { Length: > 0 } value ? value : null;
}
