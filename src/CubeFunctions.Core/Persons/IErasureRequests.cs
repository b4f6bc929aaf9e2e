namespace CubeFunctions.Core.Persons;

/// <summary>Takes requests of the lanes to erase a person.</summary>
public interface IErasureRequests
{
    /// <summary>
    /// Stores the request: from then on the person is erased, whatever becomes of this process. Twice has the effect of once.
    /// </summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="customerId">The imported id.</param>
    /// <param name="cancellationToken">Ends the requests to storage.</param>
    /// <returns>The erasure's id.</returns>
    Task<string> RequestAsync(string assignmentId, string customerId, CancellationToken cancellationToken);
}
