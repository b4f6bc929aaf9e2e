using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Changes;

/// <summary>Asks Cube for single customers.</summary>
public sealed class CustomerReader(CubeClient cube, CubeSettings settings, TenantGeneration generation, TimeProvider time)
{
    /// <summary>Customers asked for at once; Cube's own limit holds beside it.</summary>
    internal int Parallel => settings.MaxConcurrentRequests;

    /// <summary>
    /// Members that hold the id that a customer's address takes, the best first. By the wrong one a customer who is there would answer 404,
    /// and count as deleted.
    /// </summary>
    internal async ValueTask<IReadOnlyList<string>> AddressMembersAsync(CancellationToken cancellationToken) =>
        await generation.TakesImportedIdAsync(cancellationToken) ? CustomerIds.Imported : CustomerIds.InternalFirst;

    /// <summary>Reads a customer.</summary>
    /// <param name="assignment">The customer's assignment.</param>
    /// <param name="id">The id that the address takes.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="CubeException">Cube does not give it; <see cref="CubeFailureKind.NotFound"/> where there is no such
    /// customer.</exception>
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
