using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>Asks about one customer who was listed: by which id there is an address, and whether it can be written to.</summary>
internal sealed class ProbeCustomerReader(ObservedConnection connection, ProbeQuestions questions, ProbeState state)
{
    /// <summary>Asks for one customer by either id: only the record itself says which of them the address takes.</summary>
    public async Task FindIdInUrlAsync(CancellationToken cancellationToken)
    {
        if (state.Customer is not { } customer)
        {
            return;
        }

        foreach (var place in customer.Places)
        {
            foreach (
                var (id, word) in new[] { (customer.InternalId, "internal"), (customer.ImportedId, "imported") }.OrderBy(one =>
                    (one.Item2 == "imported") != state.Catalogue!.ImportedIdInUrl
                )
            )
            {
                if (id is not null && questions.CanAsk && await IsAtAsync(customer, place, id, cancellationToken))
                {
                    (state.IdInUrl, state.CustomerPlace) = (word, place);
                    return;
                }
            }
        }
    }

    /// <summary>OPTIONS changes nothing; what it says in <c>Allow</c> is documented by HTTP itself.</summary>
    public async Task FindWritesAsync(CancellationToken cancellationToken)
    {
        if (state.Customer is not { } customer || !questions.CanAsk)
        {
            return;
        }

        try
        {
            var (id, place) = (
                state.IdInUrl == "internal" ? customer.InternalId! : customer.ImportedId,
                state.CustomerPlace ?? customer.Places[0]
            );
            (await connection.Client.AskAsync(HttpMethod.Options, place.AddressBy(id), place.Route, cancellationToken)).Dispose();
        }
        catch (CubeException exception)
        {
            // The header counts, whatever the status and the body.
            questions.Note(exception);
        }

        if (connection.Allowed is { Count: > 0 } allowed)
        {
            state.Writes = allowed.Contains("PUT", StringComparer.OrdinalIgnoreCase) ? "on" : "off";
        }
    }

    private async Task<bool> IsAtAsync(ProbeCustomer customer, ProbePlace place, string id, CancellationToken cancellationToken)
    {
        try
        {
            using var record = await connection.Client.AskAsync(HttpMethod.Get, place.AddressBy(id), place.Route, cancellationToken);
            return CustomerIds.Find(PageReader.WithoutMark(record.Bytes.Span), CustomerIds.Imported) == customer.ImportedId;
        }
        catch (CubeException exception)
        {
            questions.Note(exception);
            return false;
        }
    }
}
