using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Changes;

/// <summary>Asks Cube for single customers.</summary>
public sealed class CustomerReader(CubeClient cube, CubeSettings settings, TimeProvider time)
{
    /// <summary>Customers asked for at once; Cube's own limit holds beside it.</summary>
    internal int Parallel => settings.MaxConcurrentRequests;

    /// <summary>Whether a customer's address takes the imported id.</summary>
    internal bool TakesImportedId => settings.CustomerIdInUrl != CustomerIdInUrl.Internal;

    /// <summary>The id that the address of the customer takes, read off the record.</summary>
    internal string? IdOf(ReadOnlySpan<byte> record) => CustomerIds.Find(record, TakesImportedId ? CustomerIds.Imported : CustomerIds.InternalFirst);

    /// <summary>Reads a customer.</summary>
    /// <param name="assignment">The customer's assignment.</param>
    /// <param name="id">The id that the address takes.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="CubeException">Cube does not give it; <see cref="CubeFailureKind.NotFound"/> where there is no such customer.</exception>
    internal async Task<KnownCustomer> ReadAsync(Scope assignment, string id, CancellationToken cancellationToken)
    {
        var readAt = time.GetUtcNow();
        using var body = await cube.SendCustomerAsync(HttpMethod.Get, assignment.Id, id, null, cancellationToken);
        var record = PageReader.WithoutMark(body.Bytes.Span).Trim(" \t\r\n"u8).ToArray();
        return record is [(byte)'{', ..]
            ? new KnownCustomer(record, CustomerIds.Find(record, CustomerIds.Imported), readAt)
            : throw new CubeException(CubeFailureKind.MalformedPage, "Cube's answer for a customer is no JSON object");
    }
}
