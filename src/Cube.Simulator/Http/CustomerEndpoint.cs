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

    public async Task<Answer> AnswerAsync(HttpRequest request, CustomerTable? table, string customer, CancellationToken cancellationToken)
    {
        if (HttpMethods.IsGet(request.Method))
            return table is not null && Find(table, customer) is { } id ? Record(table, id, 200) : Answer.NotFound;
        if (!HttpMethods.IsPut(request.Method) && !HttpMethods.IsPost(request.Method))
            return Answer.MethodNotAllowed(request.Method);
        if (options.Writes != WriteMode.Enabled)
            return Refusal(request.Method);
        if (table is null)
            return Answer.NotFound;
        JsonObject? body;
        try
        {
            body = await JsonNode.ParseAsync(request.Body, cancellationToken: cancellationToken) as JsonObject;
        }
        catch (JsonException)
        {
            return new BodyAnswer(400, Json.Detail("JSON parse error"));
        }

        if (body is null)
            return Answer.Invalid("non_field_errors", "Invalid data. Expected a dictionary.");
        return HttpMethods.IsPut(request.Method) ? Put(table, customer, body) : Post(table, customer, body);
    }

    private Answer Put(CustomerTable table, string customer, JsonObject body)
    {
        if (Find(table, customer) is not { } id)
            return Answer.NotFound;
        if (Errors(table, body) is { } errors)
            return errors;
        // The fields go to whom the URL names, whatever customer_id the body has: a client that mixes up the two ids shows in the data.
        var done = table.Edit(id, record =>
        {
            CustomerRecord.Merge(record, CustomerRecord.ToEarly(body, table.Assignment));
            CustomerRecord.Touch(record, data.LocalNow, options.Username, "Import update");
            data.Record(new CustomerWrite("PUT", table.Assignment.Id, id, CustomerTable.Text(record["customer_id"]), body));
        });
        return done is null ? Answer.NotFound : Record(table, id, 200);
    }

    private Answer Post(CustomerTable table, string customer, JsonObject body)
    {
        if (Errors(table, body) is { } errors)
            return errors;
        if (CustomerTable.Text(body["customer_id"]) != customer)
            return Answer.Invalid("customer_id", "Does not match the URL.");
        var id = table.TryAdd(CustomerRecord.ToEarly(body, table.Assignment), customer, (newId, fields) =>
        {
            data.Record(new CustomerWrite("POST", table.Assignment.Id, newId, customer, body));
            return CustomerRecord.Complete(newId, fields, table.Assignment, data.LocalNow, options.Username, "Import new");
        });
        return id is null ? Answer.Invalid("customer_id", "customer with this customer_id already exists.") : Record(table, id.Value, 201);
    }

    private static BodyAnswer? Errors(CustomerTable table, JsonObject body)
    {
        var errors = new Dictionary<string, string>();
        var assignmentId = CustomerTable.Text(body["assignment_id"]);
        if (assignmentId.Length == 0)
            errors["assignment_id"] = Required;
        else if (assignmentId != table.Assignment.Id.ToString(CultureInfo.InvariantCulture))
            errors["assignment_id"] = "Does not match the URL.";
        if (CustomerTable.Text(body["customer_id"]).Length == 0)
            errors["customer_id"] = Required;
        return errors.Count == 0 ? null : new BodyAnswer(400, Json.FieldErrors(errors));
    }

    private Answer Refusal(string method) => options.Writes switch
    {
        WriteMode.MethodNotAllowed405 => Answer.MethodNotAllowed(method),
        WriteMode.NotImplemented501 => Answer.NotImplemented(),
        _ => Answer.NotFound,
    };

    private long? Find(CustomerTable table, string customer)
    {
        if (options.CustomerIdInUrl == CustomerIdInUrl.Imported)
            return table.FindImported(customer);
        return long.TryParse(customer, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && table.Exists(id) ? id : null;
    }

    private BodyAnswer Record(CustomerTable table, long id, int status) => new(status, Json.ToBytes(json =>
    {
        json.WriteStartObject();
        if (options.LaterFields)
            table.WriteLater(json, table.State, id, feed: 1);
        else
            table.WriteEarly(json, table.State, id);
        json.WriteEndObject();
    }));
}
