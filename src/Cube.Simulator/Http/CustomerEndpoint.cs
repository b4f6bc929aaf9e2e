using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cube.Simulator.Rows;
using Microsoft.AspNetCore.Http;

namespace Cube.Simulator.Http;

/// <summary>GET, PUT and POST of one customer.</summary>
internal sealed class CustomerEndpoint(SimulatorOptions options, CubeData data)
{
    private const string Required = "This field is required.";

    public async Task<Answer> AnswerAsync(
        HttpRequest request,
        TenantShape shape,
        CustomerTable? table,
        string customer,
        CancellationToken cancellationToken
    )
    {
        if (HttpMethods.IsGet(request.Method))
            return table is not null && Find(shape, table, customer) is { } id ? Record(shape, table, id, 200) : Answer.NotFound;
        if (!HttpMethods.IsPut(request.Method) && !HttpMethods.IsPost(request.Method))
            return Answer.MethodNotAllowed(request.Method);
        if (shape.Writes != WriteMode.Enabled)
            return Refusal(shape, request.Method);
        if (table is null || (HttpMethods.IsPost(request.Method) && shape.Has(Variant.CreateInBody)))
            return Answer.NotFound;
        var (body, refusal) = await ReadAsync(request, cancellationToken);
        if (body is null)
            return refusal!;
        return HttpMethods.IsPut(request.Method) ? Put(shape, table, customer, body) : Post(shape, table, customer, body);
    }

    /// <summary>The oldest form of a creation: both ids are in the body.</summary>
    public async Task<Answer> CreateAsync(HttpRequest request, TenantShape shape, CancellationToken cancellationToken)
    {
        if (shape.Writes != WriteMode.Enabled)
            return Refusal(shape, request.Method);
        var (body, refusal) = await ReadAsync(request, cancellationToken);
        if (body is null)
            return refusal!;
        var table = int.TryParse(CustomerTable.Text(body["assignment_id"]), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? data.FindAssignment(id)
            : null;
        return table is null ? Answer.Invalid("assignment_id", "No such assignment.") : Post(shape, table, ImportedIdIn(shape, body), body);
    }

    private static async Task<(JsonObject? Body, Answer? Refusal)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await JsonNode.ParseAsync(request.Body, cancellationToken: cancellationToken) is JsonObject body
                ? (body, null)
                : (null, Answer.Invalid("non_field_errors", "Invalid data. Expected a dictionary."));
        }
        catch (JsonException)
        {
            return (null, new BodyAnswer(400, Json.Detail("JSON parse error")));
        }
    }

    private Answer Put(TenantShape shape, CustomerTable table, string customer, JsonObject body)
    {
        if (Find(shape, table, customer) is not { } id)
            return Answer.NotFound;
        if (Errors(shape, table, body) is { } errors)
            return errors;
        // The fields go to whom the URL names, whatever customer_id the body has: a client that mixes up the two ids shows in the data.
        var done = table.Edit(
            id,
            record =>
            {
                CustomerRecord.Merge(record, CustomerRecord.ToEarly(body, table.Assignment));
                CustomerRecord.Touch(record, data.LocalNow, options.Username, "Import update");
                data.Record(new CustomerWrite("PUT", table.Assignment.Id, id, CustomerTable.Text(record["customer_id"]), body));
            }
        );
        return done is null ? Answer.NotFound : Record(shape, table, id, 200);
    }

    private Answer Post(TenantShape shape, CustomerTable table, string customer, JsonObject body)
    {
        if (Errors(shape, table, body) is { } errors)
            return errors;
        if (ImportedIdIn(shape, body) != customer)
            return Answer.Invalid("customer_id", "Does not match the URL.");
        var id = table.TryAdd(
            CustomerRecord.ToEarly(body, table.Assignment),
            customer,
            (newId, fields) =>
            {
                data.Record(new CustomerWrite("POST", table.Assignment.Id, newId, customer, body));
                return CustomerRecord.Complete(newId, fields, table.Assignment, data.LocalNow, options.Username, "Import new");
            }
        );
        return id is null
            ? Answer.Invalid("customer_id", "customer with this customer_id already exists.")
            : Record(shape, table, id.Value, 201);
    }

    // Generation 2 has no assignments: there the URL alone says whose customers these are.
    private BodyAnswer? Errors(TenantShape shape, CustomerTable table, JsonObject body)
    {
        var errors = new Dictionary<string, string>();
        var assignmentId = CustomerTable.Text(body["assignment_id"]);
        if (!shape.IsGeneration2 && assignmentId.Length == 0)
            errors["assignment_id"] = Required;
        else if (!shape.IsGeneration2 && assignmentId != table.Assignment.Id.ToString(CultureInfo.InvariantCulture))
            errors["assignment_id"] = "Does not match the URL.";
        if (ImportedIdIn(shape, body).Length == 0)
            errors["customer_id"] = Required;
        foreach (var (field, value) in body)
        {
            if (data.ValueError?.Invoke(field, CustomerTable.Text(value)) is { } error)
                errors[field] = error;
        }

        return errors.Count == 0 ? null : new BodyAnswer(400, Json.FieldErrors(errors));
    }

    private static string ImportedIdIn(TenantShape shape, JsonObject body) =>
        CustomerTable.Text(body["customer_id"] ?? (shape.IsGeneration2 ? body["crm__customer_id"] : null));

    private static Answer Refusal(TenantShape shape, string method) =>
        shape.Writes switch
        {
            WriteMode.MethodNotAllowed405 => Answer.MethodNotAllowed(method),
            WriteMode.NotImplemented501 => Answer.NotImplemented(),
            _ => Answer.NotFound,
        };

    private static long? Find(TenantShape shape, CustomerTable table, string customer)
    {
        if (shape.TakesImportedId)
            return table.FindImported(customer);
        return long.TryParse(customer, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && table.Exists(id) ? id : null;
    }

    private static BodyAnswer Record(TenantShape shape, CustomerTable table, long id, int status) =>
        new(
            status,
            Json.ToBytes(json => shape.WriteObject(json, record => new CustomerWriter(shape).WriteSingle(record, table, table.State, id)))
        );
}
