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

        foreach (
            var (id, word) in new[] { (customer.InternalId, "internal"), (customer.ImportedId, "imported") }.OrderBy(one =>
                (one.Item2 == "imported") != state.Catalogue!.ImportedIdInUrl
            )
        )
        {
            if (id is null || !questions.CanAsk)
            {
                continue;
            }

            try
            {
                using var record = await connection.Client.AskAsync(
                    HttpMethod.Get,
                    customer.AddressBy(id),
                    customer.Route,
                    cancellationToken
                );
                if (CustomerIds.Find(PageReader.WithoutMark(record.Bytes.Span), CustomerIds.Imported) == customer.ImportedId)
                {
                    state.IdInUrl = word;
                    return;
                }
            }
            catch (CubeException exception)
            {
                questions.Note(exception);
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
            var id = state.IdInUrl == "internal" ? customer.InternalId! : customer.ImportedId;
            (await connection.Client.AskAsync(HttpMethod.Options, customer.AddressBy(id), customer.Route, cancellationToken)).Dispose();
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
}
